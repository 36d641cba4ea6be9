r"""Taking the token out of a text, in whatever form an answer may quote it.

A service, or a proxy before it, quotes what it was sent as it is, in JSON (``\/``, ``\u0026``), in a URL (``%26``) or
in HTML (``&amp;``, ``&#38;``), and one of them within another. So the text is decoded by one kind of escapes after the
other, in every order, and where a decoded text has the token, all that it was decoded from is taken out. Each step
undoes exactly what one writer does, so a token that itself looks like an escape is found too.

Not found: a token behind the torn beginning of an escape, such as a lone ``%`` before ``2f`` in a URL.

A pattern with all ways to write each of the token's characters would know fewer, and could take for ever: of many
backslashes in a text, there are too many ways to tell which are a token's own.
"""

from __future__ import annotations

import functools
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator

# How many times over the token may be escaped: any two kinds within each other, one of them twice, and JSON around all.
# One more would make the longest search three times as long.
_DEEPEST = 4

# A token has only visible ASCII, from here to there, and other escapes are left alone.
_FIRST, _LAST = "!", "~"
# In small letters, for so a text is searched. After a backslash, any sign: JSON has three, other languages all.
# Compiled when first needed, and kept, by `re`: few answers quote the token, and each process would pay.
_BACKSLASH = r"\\(?:(?:u00|x)([2-7][0-9a-f])|([!-/:-@\[-`{-~]))"
_PERCENT = r"%([2-7][0-9a-f])"
_ENTITY = r"&(?:#x0*([2-7][0-9a-f])|#0*([1-9][0-9]{1,2})|([a-z]{2,20}));"


class Secret:
    """Hold the token, to take it out of texts."""

    __slots__ = ("_stretch", "_token")

    def __init__(self, token: str) -> None:
        # In any case of letters, for a host's name has none.
        self._token = token.lower()
        # What is written in other characters cannot be the token, however it is escaped.
        alphabet = "".join(map(re.escape, sorted({*token, *r"\%&#;"})))
        self._stretch = re.compile(f"[A-Za-z0-9{alphabet}]+")

    def taken_out_of(self, text: str) -> str:
        """Return a text with ``***`` in the token's place."""
        # Most names in a list are too short to hold the token, for no escape is shorter than what it stands for.
        return text if len(text) < len(self._token) else self._stretch.sub(self._cleared, text)

    def _cleared(self, stretch: re.Match[str]) -> str:
        text = stretch[0]
        if len(text) < len(self._token):
            return text
        kept, end = [], 0
        for start, stop in sorted(self._places(text.lower(), _DEEPEST)):
            if start >= end:
                kept.append(text[end:start])
            end = max(end, stop)
        return "***".join([*kept, text[end:]])

    def _places(self, text: str, depth: int) -> Iterator[tuple[int, int]]:
        """Yield where a text has the token, as it is or within at most so many escapings: each start and end."""
        size = len(self._token)
        start = text.find(self._token)
        while start >= 0:
            yield start, start + size
            start = text.find(self._token, start + size)
        for escapes, character in _KINDS if depth and len(text) > size else ():
            decoded = re.sub(escapes, character, text)
            if len(decoded) < len(text) and (found := list(self._places(decoded, depth - 1))):
                source = _source(escapes, character, text)
                yield from ((source(start), source(stop)) for start, stop in found)


def _source(escapes: str, character: Callable[[re.Match[str]], str], text: str) -> Callable[[int], int]:
    """Return a function from a place in the decoded text to the same place in the text before decoding."""
    begins, saved = array("q"), array("q", [0])
    for escape in re.finditer(escapes, text):
        begins.append(escape.start() - saved[-1])
        saved.append(saved[-1] + len(escape[0]) - len(character(escape)))
    # Behind an escape's beginning is all of it.
    return lambda place: place + saved[bisect_left(begins, place)]


def _character(number: int) -> str:
    return chr(number).lower()


def _after_backslash(escape: re.Match[str]) -> str:
    number, sign = escape.groups()
    return sign or _character(int(number, 16))


def _after_percent(escape: re.Match[str]) -> str:
    return _character(int(escape[1], 16))


def _of_entity(escape: re.Match[str]) -> str:
    hexadecimal, decimal, name = escape.groups()
    if name:
        return _named().get(name, escape[0])
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return _character(number) if ord(_FIRST) <= number <= ord(_LAST) else escape[0]


@functools.cache
def _named() -> dict[str, str]:
    from html.entities import html5  # noqa: PLC0415  # large, and seldom needed

    return {
        name.rstrip(";").lower(): character
        for name, character in html5.items()
        if len(character) == 1 and _FIRST <= character <= _LAST
    }


_KINDS = ((_BACKSLASH, _after_backslash), (_PERCENT, _after_percent), (_ENTITY, _of_entity))
