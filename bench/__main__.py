"""Measure all kinds of programs on the real engine, and put the figures into docs/performance.md: `make bench`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import chart, report
from bench.measure import ALL_CODES, CHECKOUT, BenchError, Measurement, Stage, machine, startup
from bench.programs import KINDS
from tools import isolated
from tools.engine import engine_folder


def main(argv: Sequence[str] | None = None) -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--directions", type=int, default=len(ALL_CODES), help="how many (default: all %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds whose median counts (default: %(default)s)")
    parser.add_argument("--docs", type=Path, help="folder of the document (default: docs, for a complete run)")
    arguments = parser.parse_args(argv)
    is_complete = arguments.directions >= len(ALL_CODES) and arguments.rounds >= 3
    docs = arguments.docs or (CHECKOUT / "docs" if is_complete else None)
    isolated.stop_on_signals()
    try:
        engine = engine_folder()
        measured = measure(engine, arguments.directions, arguments.rounds)
        text = report.text(measured, startup(), machine(engine))
    except BenchError as error:
        sys.exit(str(error))
    except isolated.Stopped:
        print("The bench was stopped; nothing of it remains.", file=sys.stderr)
        raise
    print(text)
    if docs:
        report.fill(docs / "performance.md", text)
        chart.draw(docs / "performance.svg", measured)
        print(f"\nThe table and the chart are in {docs}.")


def measure(engine: Path, n: int, rounds: int) -> list[Measurement]:
    """Measure each kind in each round; every round begins with another kind."""
    found: list[Measurement] = []
    kinds = list(KINDS)
    with tempfile.TemporaryDirectory(prefix="plusofon-bench-") as folder:
        try:
            stage = Stage(engine, Path(folder))
            for round_ in range(rounds):
                for kind in kinds[round_ % len(kinds) :] + kinds[: round_ % len(kinds)]:
                    print(f"round {round_ + 1} of {rounds}, {KINDS[kind].label}:", end="", flush=True)
                    for each in stage.operations(kind, ALL_CODES[:n]):
                        print(f" {each.operation} {each.seconds:.2f} s, {each.calls} calls;", end="", flush=True)
                        found.append(each)
                    print(flush=True)
        finally:
            isolated.no_more_stopping()  # removing the folder takes a moment
    return found


if __name__ == "__main__":
    main()
