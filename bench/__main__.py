"""Measure everything, show it, and put it into docs/performance.md: `make bench`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import chart, growth, report, results, startup
from bench.account import codes
from bench.measure import CHECKOUT, BenchError, Cell, Stage, operations
from bench.programs import KINDS
from bench.targets import CELL
from tools.engine import EngineError, engine_folder
from tools.stopping import Stopped, no_more_stopping, stop_on_signals

CELLS = [Cell(latency_ms, n) for latency_ms in (0, 50) for n in (1, 10, 50, 215)]
# Of which medians are taken.
ROUNDS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run the bench; return the exit code."""
    arguments = parser().parse_args(argv)
    asks_for_all = not (arguments.only or arguments.rounds)
    # A part of the figures must not take the place of all of them.
    file = arguments.results or (results.WHOLE if asks_for_all else results.PART)
    stop_on_signals()
    try:
        found = results.Results.load(file) if arguments.report else measure(arguments, file)
    except (BenchError, EngineError) as error:
        print(f"error: {str(error).removeprefix('error: ')}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        print("The bench was stopped; nothing of it remains.", file=sys.stderr)
        return stopped.exit_code
    print("\n\n".join(f"{name}:\n{table}" for name, table in report.tables(found).items()))
    if arguments.docs or (asks_for_all and is_whole(found)):
        folder = arguments.docs or CHECKOUT / "docs"
        report.fill(folder / "performance.md", found)
        chart.draw(folder / "performance.svg", found)
        print(f"\nThe tables and the chart are in {folder}.")
    return 0


def is_whole(found: results.Results) -> bool:
    """Tell whether everything was measured: an interrupted run has kept what it had by then."""
    return set(CELLS) <= set(found.cells()) and bool(found.startup and found.growth)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(prog="python -m bench", description="Measure time and calls on the real engine.")
    made.add_argument("--rounds", type=int, help=f"rounds of each case (default: {ROUNDS})")
    made.add_argument(
        "--only",
        action="append",
        metavar="CELL",
        help="only this part: MS:N such as 50:215 (milliseconds per call, directions), startup, or growth; repeatable",
    )
    made.add_argument(
        "--report", action="store_true", help="measure nothing: make tables and chart of the last results"
    )
    made.add_argument("--results", type=Path, help=f"where results are kept (default: {results.WHOLE})")
    made.add_argument(
        "--docs", type=Path, help="the folder of performance.md and .svg (default: docs, for a whole run)"
    )
    return made


def measure(arguments: argparse.Namespace, file: Path) -> results.Results:
    """Measure what is asked for, tell of it as it goes, and keep it."""
    parts = arguments.only or [f"{cell.latency_ms}:{cell.n}" for cell in CELLS] + ["startup", "growth"]
    engine = engine_folder()
    found = results.Results(machine=results.describe_machine(engine))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="plusofon-bench-") as folder:
        try:
            stage = Stage(engine, Path(folder))
            for place, part in enumerate(parts, start=1):
                print(f"[{place}/{len(parts)}, {(time.monotonic() - began) / 60:.1f} min] {part}", flush=True)
                measure_part(stage, part, arguments.rounds, found)
                found.save(file)
        finally:
            no_more_stopping()
    return found


def measure_part(stage: Stage, part: str, rounds: int | None, found: results.Results) -> None:
    """Measure one part of the whole."""
    if part == "startup":
        found.startup = startup.measure()
    elif part == "growth":
        for each in growth.measure_all(stage):
            print(f"  {KINDS[each.kind].label}, N = {each.n}: {each.seconds:.1f} s, {each.calls} calls", flush=True)
            found.growth.append(each)
    else:
        latency_ms, n = map(int, part.split(":"))
        cell = Cell(latency_ms, n)
        for round_ in range(rounds or ROUNDS):
            measure_round(stage, cell, round_, found)
        print(report.cell_table(found, cell), flush=True)


def measure_round(stage: Stage, cell: Cell, round_: int, found: results.Results) -> None:
    """Take all kinds through all operations, one after the other; each round begins with another kind."""
    kinds = [kind for kind in KINDS if KINDS[kind].is_everywhere or cell == CELL]
    for kind in kinds[round_ % len(kinds) :] + kinds[: round_ % len(kinds)]:
        print(f"  round {round_ + 1}, {KINDS[kind].label}:", end="", flush=True)
        for each in operations(stage, cell, kind, codes(cell.n), round_):
            print(f" {each.operation} {each.seconds:.1f} s ({each.all_calls})", end="", flush=True)
            found.measurements.append(each)
        print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
