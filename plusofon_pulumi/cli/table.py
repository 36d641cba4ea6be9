"""Tables of text: columns that line up whatever letters they hold, and that fit a narrow terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Sequence

from plusofon_pulumi.directions import printable

_GAP = "  "
_ELLIPSIS = "…"


def terminal_width() -> int | None:
    """Return how many columns a line may have; None where no terminal shows it, and nothing is to be cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(rows: Sequence[Sequence[str]], width: int | None, elastic: Sequence[int]) -> str:
    """Lay out rows, the first of which is the head.

    ``elastic``: the columns that are cut, the widest first, where the whole is wider than ``width``.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(*cells, strict=True)]
    if width is not None:
        spare = width - sum(widths) - len(_GAP) * (len(widths) - 1)
        for _ in range(-spare):
            widest = max(elastic, key=lambda column: widths[column])
            widths[widest] = max(widths[widest] - 1, 1)
    lines = (_GAP.join(map(_fitted, row, widths)).rstrip() for row in cells)
    return "\n".join(lines)


def paragraph(text: str, width: int | None) -> str:
    """Wrap a sentence for a terminal; elsewhere it is one line."""
    return text if width is None else textwrap.fill(text, max(width, 20))


def columns(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(map(_columns_of, text))


def _columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _fitted(text: str, width: int) -> str:
    """Return a text in exactly this many columns: filled up with blanks, or cut with a sign that it is."""
    if columns(text) > width:
        while columns(text) > width - 1:
            text = text[:-1]
        text += _ELLIPSIS
    return text + " " * (width - columns(text))
