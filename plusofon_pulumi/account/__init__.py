"""Account: one Plusofon account as this process sees it, shared by all of the process's threads.

It knows what is open (a snapshot), changes that (one writer), and what the program declares (claims).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Collection, Iterator

from plusofon_pulumi.account.change import Change, OpenList
from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery
from plusofon_pulumi.account.snapshot import Snapshot
from plusofon_pulumi.account.writer import Writer
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Catalogue, Direction, by_code, describe_all
from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.settings import Settings

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
        self._catalogue: Snapshot[Catalogue] = Snapshot(self._client.get_directions, max_age=math.inf)
        self._live: Snapshot[OpenList] = Snapshot(lambda: by_code(self._client.get_allowed_directions()))
        self._delivery = Delivery(self._client, self._live, self._catalogue, self.claims, self.describe_all)
        self.writer = Writer(self._delivery)
        self._first_list: OpenList | None = None

    def open_directions(self, of_state: str | None = None) -> OpenList:
        """Return what is open, by code, at most 5 seconds old; a code ``of_state`` that is open must stay so."""
        live = self._live.get()
        self._delivery.last_seen.update(live.keys() & {of_state})
        return live

    def planning_list(self) -> OpenList | None:
        """Return the list of open directions that this process read first, or None once it has written."""
        if self._first_list is None and not self._delivery.has_written:
            self._first_list = self._live.get()
        return None if self._delivery.has_written else self._first_list

    def catalogue(self) -> Catalogue:
        """Return the catalogue, read once in a process."""
        return self._catalogue.get()

    def describe(self, code: str) -> Direction:
        """Return what is known of a code, from the catalogue if it can be had; its names are empty if nothing is."""
        with contextlib.suppress(PlusofonError):
            self._catalogue.get()
        known: list[OpenList] = [self._catalogue.last or {}, self._live.last or {}]
        return next((each[code] for each in known if code in each), Direction(code, "", ""))

    def describe_all(self, codes: Collection[str]) -> str:
        """Return codes as a text, with the names of all countries that share one as far as the catalogue can be had."""
        return describe_all(map(self.describe, codes))

    def open(self, code: str, show: Show, show_opened: Show | None = None) -> Direction:
        """Open a code and return its direction; raise an error if the list does not show it as open afterwards."""
        with self._declared({code}):
            self._finish(self.writer.submit(opens={code}), {code}, show, show_opened or show)
        return self.describe(code)

    def make_exactly(self, codes: frozenset[str], show: Show) -> None:
        """Close whatever else is open, then open these codes; raise an error if the list is not equal to them."""
        with self._declared(codes):
            change = self.writer.submit_exactly(codes)
            self._finish(change, codes | change.closed | change.failures.keys(), show, show)

    def close(self, codes: Collection[str], show: Show) -> None:
        """Close codes, except those that the program declares; raise an error if the list shows one as open."""
        self._finish(self.writer.submit(closes=codes), set(codes), show, show)

    def leave(self, codes: Collection[str]) -> str:
        """Leave codes as they are, if state has an owner for each; return a line that names what is open undeclared."""
        for code, refusal in self.claims.refusals(codes).items():
            raise refusal.about(f"{self.describe(code)} was not given up")
        try:
            with self._live.lock:
                live = by_code(self._client.get_allowed_directions(attempts=1, timeout=LAST_LOOK_TIMEOUT))
        except PlusofonError as error:
            return f"what is left open is not known: {error}"
        left = live.keys() - self.claims.all()
        names: OpenList = live
        with contextlib.suppress(PlusofonError):
            names = self._catalogue.last or self._client.get_directions(attempts=1, timeout=LAST_LOOK_TIMEOUT)
        shown = describe_all(names.get(code, live[code]) for code in left)
        return f"left open: {shown or 'nothing'}" if left or not live else ""

    @contextlib.contextmanager
    def _declared(self, codes: Collection[str]) -> Iterator[None]:
        """Note whether what the program declares could be made: if not, a deletion of the same codes must not pass."""
        try:
            yield
        except BaseException:
            self.claims.mark(codes, succeeded=False)
            raise
        self.claims.mark(codes, succeeded=True)

    def _finish(self, change: Change, codes: set[str] | frozenset[str], show: Show, show_opened: Show) -> None:
        """Show what a change has done with codes; raise one error for those that are not as wanted."""
        done = codes - change.failures.keys()
        for verb, changed, say in (("closed", change.closed, show), ("opened", change.opened, show_opened)):
            if changed & done:
                say(f"{verb} {self.describe_all(changed & done)}")
        if kept := change.kept & done:
            stays, it = ("stays", "it") if len(kept) == 1 else ("stay", "them")
            show(f"{self.describe_all(kept)} {stays} open: the program still declares {it}")
        for notice in change.notices:
            show(notice)
        groups: dict[tuple[str, str], list[str]] = {}
        failed = sorted(codes & change.failures.keys())
        for code in failed:
            verb, state = ("opened", "open") if code in change.opens else ("closed", "closed")
            what = f"was not {verb}:"
            if code in change.opened | change.closed:
                what = f"is {state}, but"
            elif code in change.unseen:
                what = f"may not have been {verb}:"
            groups.setdefault((what, str(change.failures[code])), []).append(code)
        parts = []
        for (what, why), group in groups.items():
            many = what.replace("was", "were").replace("is ", "are ")
            parts.append(f"{self.describe_all(group)} {what if len(group) == 1 else many} {why}")
        if parts:
            raise change.failures[failed[0]].saying("; ".join(parts))
