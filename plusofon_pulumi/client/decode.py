"""Reading the rows of the API's lists: what is open and what exists, in every form that they may come in.

Pure functions; a row that may matter and cannot be understood is an error.
"""

from __future__ import annotations

from dataclasses import replace

from plusofon_pulumi.client.answers import one_line
from plusofon_pulumi.client.counters import Refuse
from plusofon_pulumi.client.pages import Row
from plusofon_pulumi.directions import Direction, normalise_code
from plusofon_pulumi.errors import InvalidCallingCodeError

# How much of a name is kept: far more than any country's needs, and little enough for a message.
_LONGEST_NAME = 100


class OddRowError(ValueError):
    """Say that a row of a list cannot be understood."""


def direction(row: object, key: str | None = None) -> Direction:
    """Return the direction that a row describes.

    A row without ``code`` takes the key that it stood under: the list of open directions is an object keyed by code.
    Raises OddRowError where it has no usable code.
    """
    if not isinstance(row, dict):
        raise OddRowError("an entry is not an object")
    api_code = row.get("code", key)
    if isinstance(api_code, bool) or not isinstance(api_code, (str, int)):
        raise OddRowError("an entry has no code")
    try:
        code = normalise_code(api_code)
    except InvalidCallingCodeError:
        # Whole and as it is: it is cut where the token is taken out, and after that.
        raise OddRowError(f"an entry's code, «{api_code}», is not a calling code") from None
    api_id = row.get("id")
    usable_id = api_id if isinstance(api_id, (str, int)) and not isinstance(api_id, bool) and api_id != "" else None
    return Direction(code, _name(row.get("name")), _name(row.get("english_name")), usable_id, api_code)


def _name(value: object) -> str:
    return one_line(value, _LONGEST_NAME) if isinstance(value, str) else ""


def open_list(rows: list[Row], refuse: Refuse) -> list[Direction]:
    """Return the open directions; one that cannot be understood is an error, for it may be the one that matters."""
    try:
        return [direction(row, key) for key, row in rows]
    except OddRowError as error:
        why = str(error)
    # Raised here, outside of the `except`: what could not be understood may quote the token.
    raise refuse(why)


def catalogue(rows: list[Row], refuse: Refuse) -> list[Direction]:
    """Return the catalogue's rows; one without a usable id or code is left out: nobody could open it anyway.

    An id that stands for several codes is taken from their rows.
    """
    usable: list[Direction] = []
    why = "an entry has no id"
    for _, row in rows:
        try:
            found = direction(row)
        except OddRowError as error:
            why = str(error)
            continue
        if found.id is not None:
            usable.append(found)
    if not usable:
        raise refuse(why if rows else "the catalogue is empty")
    codes: dict[str, set[str]] = {}
    for row in usable:
        codes.setdefault(str(row.id), set()).add(row.code)
    # To open one of several codes by their common id would open the others, which nobody has declared.
    return [row if len(codes[str(row.id)]) == 1 else replace(row, id=None) for row in usable]
