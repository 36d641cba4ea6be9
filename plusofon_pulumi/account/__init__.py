"""Account: one cabinet as this process sees it, shared by all of the process's threads.

It knows what is open (a shared snapshot), changes that (one writer), and what the program declares (claims).
"""

from __future__ import annotations

import math

from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery, OpenList
from plusofon_pulumi.account.shared import Shared
from plusofon_pulumi.account.writer import Change, Writer
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Catalogue, Direction, by_code
from plusofon_pulumi.errors import PlusofonError, UnknownDirectionError
from plusofon_pulumi.settings import Settings

__all__ = ["Account", "OpenList"]


class Account:
    """Read and change which directions of one cabinet are open."""

    def __init__(self, settings: Settings) -> None:
        client = PlusofonClient(settings)
        self.claims = Claims()
        self._catalogue: Shared[Catalogue] = Shared(client.get_directions, max_age=math.inf)
        self._live: Shared[OpenList] = Shared(lambda: by_code(client.get_allowed_directions()))
        self._writer = Writer(self._live, Delivery(client, self._live, self._catalogue), self.claims)

    def open_directions(self) -> OpenList:
        """Return what is open, by code; at most 5 seconds old, and newer than every write of this process.

        Raises a PlusofonError where the list cannot be read: never is an error an empty list.
        """
        self._writer.wait_until_idle()
        return self._live.get()

    def direction(self, code: str) -> Direction:
        """Return the catalogue's direction for a code, with the names of all that share it.

        Raises UnknownDirectionError, naming the nearest codes, where the catalogue has none; another PlusofonError
        where the catalogue, which is fetched once per process, cannot be read.
        """
        catalogue = self._catalogue.get()
        if code in catalogue:
            return catalogue[code]
        near = ", ".join(map(str, catalogue.nearest(code)))
        hint = f"; the nearest: {near}" if near else ""
        raise UnknownDirectionError(f"Plusofon's catalogue has no direction with the calling code {code}{hint}")

    def search(self, text: str) -> list[Direction]:
        """Return the catalogue's directions whose names have the text in them."""
        return self._catalogue.get().search(text)

    def open(self, code: str) -> tuple[Direction, list[str]]:
        """Open a code; return its direction and what the user should be told. Open already: no write is sent.

        Raises a PlusofonError where the list does not show it as open afterwards.
        """
        label: object = code
        try:
            label = direction = self.direction(code)
            change = self._writer.submit(Change(opens=frozenset({code})))
        except Exception as error:
            self.claims.mark(code, failed=True)
            if isinstance(error, PlusofonError):
                raise error.about(f"{label} was not opened") from None
            raise
        self.claims.mark(code, failed=False)
        return direction, change.notices

    def close(self, code: str) -> bool:
        """Close a code, unless the program declares it; tell whether it was for this call to close.

        Raises DirectionClaimedError where the program declares the code, but could not make its resource; another
        PlusofonError where the list shows the code as open afterwards.
        """
        return not self._writer.submit(Change(closes=frozenset({code}))).kept
