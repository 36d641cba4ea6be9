"""PlusofonClient: the four calls of the direction API, usable on its own from Python.

Source: Plusofon's description of the direction methods, version of 2023-02-13.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from plusofon_pulumi.client import decode
from plusofon_pulumi.client.allowance import Allowance
from plusofon_pulumi.client.counters import Refuse
from plusofon_pulumi.client.pages import Listing, Row
from plusofon_pulumi.client.transport import Transport
from plusofon_pulumi.directions import Catalogue, Direction
from plusofon_pulumi.settings import Settings

# The singular names the list of open directions, the plural the catalogue of all that exist.
OPEN_LIST = "/api/v1/direction"
CATALOGUE = "/api/v1/directions"


class PlusofonClient:
    """Call the direction API of one account.

    ``settings``: the token and where the API is; without them, those of the environment (``PLUSOFON_TOKEN`` …).

    Every call raises a TransportError where no usable answer came, an APIError where the answer is not the one asked
    for. Calls are repeated after a refused or broken connection, a time-out, 429, 502, 503 and 504, for at most 60
    seconds in all; writes too, for to repeat one changes nothing. One client may be used by several threads.

    >>> client = PlusofonClient(Settings(token="…"))               # doctest: +SKIP
    >>> [str(direction) for direction in client.get_allowed_directions()]  # doctest: +SKIP
    ['7 (Kazakhstan)', '36 (Hungary)']
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._transport = Transport(settings or Settings.from_environment())

    def get_allowed_directions(self) -> list[Direction]:
        """Return the directions that are open in the account now (``GET /api/v1/direction``)."""
        return decode.open_list(self._rows(OPEN_LIST), self._refuse(OPEN_LIST))

    def get_directions(self) -> Catalogue:
        """Return the catalogue of all directions that exist (``GET /api/v1/directions``)."""
        return Catalogue(decode.catalogue(self._rows(CATALOGUE), self._refuse(CATALOGUE)))

    def allow_directions(self, ids: Iterable[str | int]) -> None:
        """Open directions (``PUT /api/v1/direction``).

        ``ids``: catalogue ids (``Direction.id``), not calling codes, in the form in which the catalogue gives them.
        A good answer is no proof: only ``get_allowed_directions`` tells what is open.
        Raises ValueError where there are none: what the API makes of an empty list is not described.
        """
        self._write("PUT", "direction_ids", ids)

    def deny_directions(self, codes: Iterable[str | int]) -> None:
        """Close directions (``DELETE /api/v1/direction``).

        ``codes``: calling codes, best in the form in which the API gives them (``Direction.api_code``).
        A good answer is no proof: only ``get_allowed_directions`` tells what is open.
        Raises ValueError where there are none: what the API makes of an empty list is not described.
        """
        self._write("DELETE", "codes", codes)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds a token and is not pickled")

    def _write(self, method: str, key: str, values: Iterable[str | int]) -> None:
        listed = list(values)
        if not listed:
            raise ValueError(f"{key} is empty: there is nothing to send")
        self._transport.request(method, OPEN_LIST, body={key: listed})

    def _rows(self, path: str) -> list[Row]:
        """Return all rows of a list, each with its key where the list is an object; pages are followed to the last."""
        listing = Listing(self._transport.host, self._refuse(path))
        allowance = Allowance.new()
        while not listing.is_whole:
            listing.add(self._transport.request("GET", path, query=listing.query, allowance=allowance))
        return listing.rows

    def _refuse(self, path: str) -> Refuse:
        return self._transport.call("GET", path).unexpected
