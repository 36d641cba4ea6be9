"""Account: one account as this process sees it, shared by all of the process's threads.

It knows what is open (a shared snapshot), changes that (one writer), and what the program declares (claims).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Iterator, Mapping

from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery
from plusofon_pulumi.account.shared import Shared
from plusofon_pulumi.account.summary import notices, one_error
from plusofon_pulumi.account.writer import Change, Writer
from plusofon_pulumi.account.writes import OpenList
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Catalogue, Direction, by_code
from plusofon_pulumi.errors import PlusofonError, UnknownDirectionError
from plusofon_pulumi.settings import Settings

__all__ = ["Account", "OpenList"]


class Account:
    """Read and change which directions of one account are open."""

    def __init__(self, settings: Settings) -> None:
        client = PlusofonClient(settings)
        self.claims = Claims()
        self._catalogue: Shared[Catalogue] = Shared(client.get_directions, max_age=math.inf)
        self._live: Shared[OpenList] = Shared(lambda: by_code(client.get_allowed_directions()))
        self._writer = Writer(self._live, Delivery(client, self._live, self._catalogue, self.claims), self.claims)

    def open_directions(self) -> OpenList:
        """Return what is open, by code; fetched at most 5 seconds ago, and after every write of this process.

        Raises a PlusofonError where the list cannot be read: an error is never taken for an empty list.
        """
        self._writer.wait_until_idle()
        return self._live.get()

    def direction(self, code: str) -> Direction:
        """Return the catalogue's direction for a code, with the names of all that share it.

        Raises UnknownDirectionError where the catalogue has none, naming the nearest codes, or none that can be opened
        alone; another PlusofonError where the catalogue, which is fetched once per process, cannot be read.
        """
        catalogue = self._catalogue.get()
        if catalogue.ids(code):
            return catalogue[code]
        if code in catalogue:
            raise UnknownDirectionError(
                f"Plusofon's catalogue has no id for {catalogue[code]} alone: to open it would open other codes, too"
            )
        near = ", ".join(map(str, catalogue.nearest(code)))
        hint = f"; the nearest: {near}" if near else ""
        raise UnknownDirectionError(f"Plusofon's catalogue has no direction with the calling code {code}{hint}")

    def search(self, text: str) -> list[Direction]:
        """Return the catalogue's rows whose code begins with the text, or whose names have it."""
        return self._catalogue.get().search(text)

    def describe(self, code: str) -> Direction:
        """Return what is known of a code without asking anybody; its names are empty where nothing is."""
        for known in (self._catalogue.peek(), self._live.peek()):
            if known is not None and code in known:
                return known[code]
        return Direction(code, "", "")

    def _label(self, code: str) -> str:
        return str(self.describe(code))

    def look_up(self, code: str) -> Direction:
        """Return a direction with the names of all that share its code, as far as they can be had."""
        with contextlib.suppress(PlusofonError):
            self._catalogue.get()
        return self.describe(code)

    def open(self, code: str) -> tuple[Direction, list[str]]:
        """Open a code; return its direction and what the user should be told. Open already: no write is sent.

        Raises a PlusofonError where the list does not show it as open afterwards.
        """
        with self._declared({code}):
            try:
                direction = self.direction(code)
            except PlusofonError as error:
                raise error.about(f"{self.describe(code)} was not opened") from None
            return direction, notices(self._make(Change(opens=frozenset({code}))), self._label)

    def make_exactly(self, codes: frozenset[str]) -> list[str]:
        """Close whatever else is open, then open these codes; return what the user should be told.

        Raises DirectionClaimedError, and writes nothing, where an open code that is not among them is declared by
        another resource; another PlusofonError where the list is not as asked for afterwards.
        """
        with self._declared(codes):
            return notices(self._make(Change(opens=codes, exactly=True)), self._label)

    def close(self, recorded: Collection[Direction]) -> list[Direction]:
        """Close directions, except those that the program declares; return the ones that were left for that reason.

        Raises DirectionClaimedError where the program declares a code, but could not make its resource; another
        PlusofonError where the list shows one as open afterwards.
        """
        labels = {direction.code: str(direction) for direction in recorded}
        change = self._make(Change(closes=frozenset(labels)), labels)
        return [direction for direction in recorded if direction.code in change.kept]

    def give_up(self, recorded: Collection[Direction]) -> list[Direction]:
        """Return those of the directions that the program does not declare, and that so stay open with no owner.

        Raises DirectionClaimedError where the program declares a code, but could not make its resource. Asks nobody.
        """
        for direction in recorded:
            if refusal := self.claims.refusal(direction.code):
                raise refusal.about(f"{direction} was not given up")
        return [direction for direction in recorded if not self.claims.holds(direction.code)]

    @contextlib.contextmanager
    def _declared(self, codes: Collection[str]) -> Iterator[None]:
        """Note whether what the program declares could be made: if not, a deletion of the same codes must not pass."""
        try:
            yield
        except BaseException:
            self.claims.mark(codes, failed=True)
            raise
        self.claims.mark(codes, failed=False)

    def _make(self, change: Change, labels: Mapping[str, str] | None = None) -> Change:
        """Have a change carried out; raise one error for all of its codes that are not as asked for, naming them."""
        opens = change.opens
        try:
            self._writer.submit(change)
            failures: dict[str, PlusofonError] = change.failures
        except PlusofonError as error:
            if change.exactly and not change.unseen:
                raise error.about("The open directions were not changed") from None
            # A code that is kept, and must not be, has failed by itself, whatever its neighbours did.
            failures = dict.fromkeys(sorted(opens | change.closes), error) | change.failures
        if failures:
            raise one_error(change, failures, lambda code: (labels or {}).get(code) or self._label(code))
        return change
