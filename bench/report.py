"""The tables: on the screen, and between the markers of docs/performance.md, where all else is written by hand."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from bench import growth, targets
from bench.measure import OPERATIONS, Cell
from bench.programs import FLOOR, KINDS
from bench.results import Results

HEAD = ["create", "nothing to do", "preview", "refresh", "destroy"]
MARKED = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Rows = list[list[str]]


def fill(document: Path, results: Results) -> None:
    """Put the tables into the document, each between its markers."""
    made = tables(results)
    text = document.read_text(encoding="utf-8")
    places = [found[2] for found in MARKED.finditer(text)]
    if sorted(places) != sorted(made):
        raise ValueError(f"{document} has places for {sorted(places)}; there are {sorted(made)}")
    text = MARKED.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", text)
    document.write_text(text, encoding="utf-8")


def tables(results: Results) -> dict[str, str]:
    """Return all tables, in Markdown, by the names of their markers."""
    growth_head = ["", "N", f"create at {growth.LATENCY_MS} ms per call, s", "calls", "state, kB"]
    growth_head += ["largest request, kB", "preview of all as closed, kB"]
    return {
        "machine": table(["", ""], [[key, value] for key, value in results.machine.items()]),
        "targets": table(["target", "measured", ""], _targets(results)),
        "full": table(["", *HEAD], _times(results, targets.CELL)),
        "calls": table(["", *HEAD], _calls(results, targets.CELL)),
        "process": table(["", "memory, MiB", "calls at once", "writes at once"], _processes(results, targets.CELL)),
        "slow": table(["N", "", *HEAD], _by_n(results, 50)),
        "fast": table(["N", "", *HEAD], _by_n(results, 0)),
        "startup": table(
            ["", "seconds"], [[what, f"{statistics.median(t):.3f}"] for what, t in results.startup.items()]
        ),
        "growth": table(growth_head, _growth(results)),
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, its columns in line, so that it reads well on a screen too."""
    lines = [head, *rows]
    widths = [max(3, *(len(line[place]) for line in lines)) for place in range(len(head))]
    ruled = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        f"| {' | '.join(text.ljust(width) for text, width in zip(line, widths, strict=True))} |" for line in ruled
    )


def cell_table(results: Results, cell: Cell) -> str:
    """Return what is known of one cell, for the screen."""
    return table([str(cell), *HEAD], _by_n(results, cell.latency_ms, only=cell.n, numbered=False))


def _targets(results: Results) -> Rows:
    return [[each.wanted, each.measured, each.verdict] for each in targets.targets(results)]


def _kinds(results: Results, cell: Cell) -> list[str]:
    """Return the kinds that went through all operations."""
    return [kind for kind in KINDS if all(results.of(cell, kind, operation) for operation in OPERATIONS)]


def _times(results: Results, cell: Cell) -> Rows:
    return [
        [KINDS[kind].label, *(_time(results, cell, kind, operation) for operation in OPERATIONS)]
        for kind in _kinds(results, cell)
    ]


def _time(results: Results, cell: Cell, kind: str, operation: str) -> str:
    seconds = f"{results.seconds(cell, kind, operation):.2f} s"
    if kind == FLOOR or not results.of(cell, FLOOR, operation):
        return seconds
    return f"{seconds}, {results.ratio(cell, kind, operation):.2f} ×"


def _calls(results: Results, cell: Cell) -> Rows:
    """Return the calls of each operation, by method, in the round that made the most."""

    def most(kind: str, operation: str) -> dict[str, int]:
        return max(results.of(cell, kind, operation), key=lambda each: each.all_calls).calls

    return [
        [KINDS[kind].label, *(_listed(most(kind, operation)) for operation in OPERATIONS)]
        for kind in _kinds(results, cell)
    ]


def _listed(calls: dict[str, int]) -> str:
    return ", ".join(f"{count} {call}" for call, count in calls.items()) or "none"


def _processes(results: Results, cell: Cell) -> Rows:
    rows = []
    for kind in _kinds(results, cell):
        measured = [each for each in results.measurements if (each.cell, each.kind) == (cell, kind)]
        memory = [each.memory_mib for each in measured if each.memory_mib is not None]
        at_once = max(each.under_way for each in measured), max(each.writes_under_way for each in measured)
        rows.append([KINDS[kind].label, f"{max(memory):.0f}" if memory else "not told", *map(str, at_once)])
    return rows


def _by_n(results: Results, latency_ms: int, *, only: int | None = None, numbered: bool = True) -> Rows:
    """Return seconds and calls, for each N and kind."""
    rows = []
    for cell in results.cells():
        if cell.latency_ms == latency_ms and only in (None, cell.n):
            for kind in _kinds(results, cell):
                both = [
                    f"{results.seconds(cell, kind, operation):.2f} s / {results.calls(cell, kind, operation)}"
                    for operation in OPERATIONS
                ]
                rows.append([*([str(cell.n)] if numbered else []), KINDS[kind].label, *both])
    return rows


def _growth(results: Results) -> Rows:
    return [
        [
            KINDS[each.kind].label,
            str(each.n),
            f"{each.seconds:.2f}",
            str(each.calls),
            *(f"{size / 1000:.1f}" for size in (each.state_bytes, each.body_bytes, each.diff_bytes)),
        ]
        for each in results.growth
    ]
