"""What is asked of the package, and whether it was reached: see docs/performance.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from bench import startup
from bench.measure import OPERATIONS, Cell
from bench.programs import DIRECTION, FLOOR_OF_ONE, LIST, NAIVE
from bench.results import Results

CELL = Cell(50, 215)


@dataclass(frozen=True, slots=True)
class Target:
    """One target, with what came of it."""

    wanted: str
    measured: str
    met: bool

    @property
    def verdict(self) -> str:
        """Say it in a word."""
        return "met" if self.met else "**not met**"


def targets(results: Results) -> list[Target]:
    """Judge all targets whose measurements are there."""
    found: list[Target] = []
    if CELL in results.cells():
        found += [*_of_list(results), *_of_direction(results), *_of_both(results)]
    if results.startup:
        ratio = startup.ratio(results.startup)
        found.append(
            Target("`import plusofon_pulumi`: at most 1.05 × `import pulumi`", f"{ratio:.3f} ×", ratio <= 1.05)
        )
    return found


def _of_list(results: Results) -> Iterator[Target]:
    pairs = results.paired(CELL, LIST, "create", against=FLOOR_OF_ONE)
    more = statistics.median(ours - idle for ours, idle in pairs)
    allowed = 5 * CELL.latency_ms / 1000
    yield Target(
        "`AllowedDirections`, create: at most one idle resource and the time of 5 calls",
        f"{more:+.2f} s, allowed {allowed:+.2f} s",
        more <= allowed,
    )
    for operation, most in {"create": 5, "up": 1, "preview": 1, "refresh": 1}.items():
        yield _calls(results, LIST, operation, most)
    cells = sorted((cell for cell in results.cells() if cell.latency_ms == CELL.latency_ms), key=lambda cell: cell.n)
    if cells[0].n < CELL.n:
        by_n = {operation: [results.calls(cell, LIST, operation) for cell in cells] for operation in OPERATIONS}
        grown = [
            f"{operation} {' → '.join(map(str, calls))}" for operation, calls in by_n.items() if max(calls) > calls[0]
        ]
        yield Target("`AllowedDirections`: calls do not grow with N", ", ".join(grown) or "they do not", not grown)


def _of_direction(results: Results) -> Iterator[Target]:
    for operation, most in {"create": 1.15, "refresh": 1.10, "up": 1.10, "destroy": 1.15}.items():
        ratio = results.ratio(CELL, DIRECTION, operation)
        wanted = f"`AllowedDirection` × 215, {_name(operation)}: at most {most:.2f} × the floor"
        yield Target(wanted, f"{ratio:.3f} ×", ratio <= most)
    ours, naive = (results.calls(CELL, kind, "create") for kind in (DIRECTION, NAIVE))
    wanted = "`AllowedDirection` × 215, create: at most half of the naive one's calls"
    yield Target(wanted, f"{ours} of {naive}", 0 < ours <= naive / 2)
    for operation in ("refresh", "up"):
        yield _calls(results, DIRECTION, operation, 2)


def _of_both(results: Results) -> Iterator[Target]:
    ours = [each for each in results.measurements if each.kind in (DIRECTION, LIST)]
    writes = max(each.writes_under_way for each in ours)
    lists = max(each.lists_under_way for each in ours)
    yield Target("never more than one write under way", str(writes), writes == 1)
    yield Target("never more than one GET of the same list under way", str(lists), lists == 1)


def _calls(results: Results, kind: str, operation: str, most: int) -> Target:
    calls = results.calls(CELL, kind, operation)
    of = {LIST: "`AllowedDirections`", DIRECTION: "`AllowedDirection` × 215"}[kind]
    wanted = f"{of}, {_name(operation)}: at most {most} call{'s' if most > 1 else ''}"
    # Who makes none has not looked.
    return Target(wanted, str(calls), 0 < calls <= most)


def _name(operation: str) -> str:
    return {"up": "nothing to do"}.get(operation, operation)
