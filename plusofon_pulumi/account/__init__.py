"""Account: one Plusofon account as this process sees it, shared by all of the process's threads.

It knows what is open (a snapshot), changes that (one writer), and what the program declares (claims).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Collection, Iterator
from collections.abc import Set as AbstractSet

from plusofon_pulumi.account.change import Change, OpenList
from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery
from plusofon_pulumi.account.snapshot import Snapshot
from plusofon_pulumi.account.writer import Writer
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Catalogue, Direction, by_code, describe_all, shorten
from plusofon_pulumi.errors import PlusofonError, UnknownDirectionError
from plusofon_pulumi.settings import Settings, is_close_only

__all__ = ["Account", "OpenList"]

# How long the destruction of a resource that leaves everything open may wait for the list that it names, in seconds.
LAST_LOOK_TIMEOUT = 10.0

Show = Callable[[str], None]


class Account:
    """Read and change which directions of one account are open.

    What a change has done is shown to the user by ``show``, a line each, before an error is raised.
    """

    def __init__(self, settings: Settings) -> None:
        self._client = PlusofonClient(settings)
        self.claims = Claims()
        self.close_only = is_close_only()
        self._catalogue: Snapshot[Catalogue] = Snapshot(self._client.get_directions, max_age=math.inf)
        self._live: Snapshot[OpenList] = Snapshot(lambda: by_code(self._client.get_allowed_directions()))
        self._delivery = Delivery(
            self._client, self._live, self._catalogue, self.claims, self.describe_all, self.close_only
        )
        self.writer = Writer(self._delivery)
        self._first_list: OpenList | None = None

    def open_directions(self) -> OpenList:
        """Return what is open, by code, at most 5 seconds old; an error is never taken for an empty list."""
        return self._live.get()

    def planning_list(self) -> OpenList | None:
        """Return the list of open directions that this process read first, or None once it has written."""
        if self._delivery.has_written:
            return None
        self._first_list = self._live.get() if self._first_list is None else self._first_list
        return self._first_list

    def direction(self, code: str) -> Direction:
        """Return the catalogue's direction for a code; raise UnknownDirectionError if there is none."""
        catalogue = self._catalogue.get()
        if code in catalogue:
            return catalogue[code]
        hint = f"; the nearest: {near}" if (near := self.nearest(code)) else ""
        raise UnknownDirectionError(f"Plusofon's catalogue has no direction with the calling code {code}{hint}")

    def nearest(self, text: str) -> str:
        """Return the directions that a name or a code may mean, as a text; empty if the catalogue cannot be read."""
        with contextlib.suppress(PlusofonError):
            catalogue = self._catalogue.get()
            return ", ".join(shorten(str(each), 60) for each in catalogue.find(text) or catalogue.nearest(text))
        return ""

    def describe(self, code: str) -> Direction:
        """Return what is known of a code without asking anybody; its names are empty if nothing is."""
        known: list[OpenList] = [self._catalogue.peek() or {}, self._live.peek() or {}]
        return next((each[code] for each in known if code in each), Direction(code, "", ""))

    def describe_all(self, codes: Collection[str]) -> str:
        """Return codes as a text, with the names of all countries that share one as far as the catalogue can be had."""
        with contextlib.suppress(PlusofonError):
            self._catalogue.get()
        return describe_all(map(self.describe, codes))

    def open(self, code: str, show: Show, show_opened: Show | None = None) -> Direction:
        """Open a code and return its direction; raise an error if the list does not show it as open afterwards."""
        with self._declared({code}):
            try:
                direction = self.direction(code)
            except PlusofonError as error:
                raise error.about(f"{self.describe(code)} was not opened") from None
            self._finish(self.writer.submit(opens={code}), {code}, show, show_opened)
            return direction

    def make_exactly(self, codes: frozenset[str], show: Show) -> None:
        """Close whatever else is open, then open these codes; raise an error if the list is not equal to them."""
        with self._declared(codes):
            try:
                change = self.writer.submit_exactly(codes)
            except PlusofonError as error:
                raise error.about("the open directions were not changed") from None
            self._finish(change, codes | change.closed | change.failures.keys(), show)

    def close(self, codes: Collection[str], show: Show) -> None:
        """Close codes, except those that the program declares; raise an error if the list shows one as open."""
        if codes:
            self._finish(self.writer.submit(closes=codes), set(codes), show)

    def give_up(self, codes: Collection[str]) -> None:
        """Raise DirectionClaimedError if the program declares one of the codes, but could not make its resource."""
        for code in codes:
            if refusal := self.claims.refusal(code):
                raise refusal.about(f"{self.describe(code)} was not given up")

    def what_is_left(self) -> str:
        """Return a line that names what is open and not declared; empty if the program declares it all.

        Nothing depends on it, so it asks once, and briefly.
        """
        try:
            with self._live.lock:
                live = by_code(self._client.get_allowed_directions(attempts=1, timeout=LAST_LOOK_TIMEOUT))
        except PlusofonError as error:
            return f"what is left open is not known: {error}"
        left = live.keys() - self.claims.all()
        names: OpenList = live
        with contextlib.suppress(PlusofonError):
            names = self._catalogue.peek() or self._client.get_directions(attempts=1, timeout=LAST_LOOK_TIMEOUT)
        shown = describe_all(names.get(code, live[code]) for code in left)
        return f"left open: {shown or 'nothing'}" if left or not live else ""

    @contextlib.contextmanager
    def _declared(self, codes: Collection[str]) -> Iterator[None]:
        """Note whether what the program declares could be made: if not, a deletion of the same codes must not pass."""
        succeeded = False
        try:
            yield
            succeeded = True
        finally:
            self.claims.mark(codes, succeeded=succeeded)

    def _finish(self, change: Change, codes: AbstractSet[str], show: Show, show_opened: Show | None = None) -> None:
        """Show what a change has done with codes; raise one error for those that are not as wanted."""
        done = codes - change.failures.keys()
        if closed := change.closed & done:
            show(f"closed {self.describe_all(closed)}")
        if opened := change.opened & done:
            (show_opened or show)(f"opened {self.describe_all(opened)}")
        if kept := change.kept & done:
            stays, it = ("stays", "it") if len(kept) == 1 else ("stay", "them")
            show(f"{self.describe_all(kept)} {stays} open: the program still declares {it}")
        for notice in change.notices:
            show(notice)
        if failed := sorted(codes & change.failures.keys()):
            raise self._failure(change, failed)

    def _failure(self, change: Change, failed: list[str]) -> PlusofonError:
        groups: dict[tuple[str, str, str], list[str]] = {}
        for code in failed:
            done, state = ("opened", "open") if code in change.opens else ("closed", "closed")
            one, many = f"was not {done}:", f"were not {done}:"
            if code in change.opened | change.closed:
                one, many = f"is {state}, but", f"are {state}, but"
            elif code in change.unseen:
                one = many = f"may not have been {done}:"
            groups.setdefault((one, many, str(change.failures[code])), []).append(code)
        parts = [
            f"{self.describe_all(codes)} {one if len(codes) == 1 else many} {why}"
            for (one, many, why), codes in groups.items()
        ]
        return change.failures[failed[0]].saying("; ".join(parts))
