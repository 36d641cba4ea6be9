"""The table of results, which goes between the marks in docs/performance.md."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.measure import OPERATIONS, Measurement
from bench.programs import KINDS


def median(measured: Sequence[Measurement], kind: str, operation: str) -> float:
    """Return the median time in seconds."""
    return statistics.median(each.seconds for each in measured if (each.kind, each.operation) == (kind, operation))


def calls(measured: Sequence[Measurement], kind: str, operation: str) -> int:
    """Return the calls of the round that made the most."""
    return max(each.calls for each in measured if (each.kind, each.operation) == (kind, operation))


def text(measured: Sequence[Measurement], startup: Mapping[str, float], machine: str) -> str:
    """Return the table in Markdown, and what belongs to it."""
    kinds = list(dict.fromkeys(each.kind for each in measured))
    rows = [["", *(KINDS[kind].label for kind in KINDS if kind in kinds)]]
    for operation in OPERATIONS:
        found = ((median(measured, kind, operation), kind) for kind in KINDS if kind in kinds)
        rows.append([operation, *(f"{took:.2f} s / {calls(measured, kind, operation)}" for took, kind in found)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * max(3, width) for width in widths])
    table = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    imports = "; ".join(f"{label} {seconds:.3f} s" for label, seconds in startup.items())
    return "\n".join([*table, "", f"Start-up: {imports}.", "", machine])


def fill(document: Path, made: str) -> None:
    """Put the text between the marks."""
    before = document.read_text(encoding="utf-8")
    after, places = re.subn(
        r"(<!-- bench -->\n).*?(\n<!-- end -->)", lambda marks: f"{marks[1]}{made}{marks[2]}", before, flags=re.DOTALL
    )
    if places != 1:
        raise ValueError(f"{document} has {places} places for the table")
    document.write_text(after, encoding="utf-8")
