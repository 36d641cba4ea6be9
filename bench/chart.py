"""The chart of docs/performance.md: the time of each operation, by kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.measure import OPERATIONS, Measurement
from bench.programs import KINDS
from bench.report import calls, median

# Distinct in black and white too, and for readers who do not see red and green.
COLOURS = ("#0072b2", "#009e73", "#d55e00", "#e69f00", "#999999", "#56b4e9", "#cc79a7")


def draw(file: Path, measured: Sequence[Measurement]) -> None:
    """Write the chart as SVG, the same for the same results."""
    kinds = [kind for kind in KINDS if any(each.kind == kind for each in measured)]
    width = 0.85 / len(kinds)
    # Text stays text, which can be searched and read out; the ids in the file do not change from run to run.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "plusofon", "font.family": "sans-serif"}):
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        axes = figure.subplots()
        for place, kind in enumerate(kinds):
            at = [number + (place - (len(kinds) - 1) / 2) * width for number in range(len(OPERATIONS))]
            seconds = [median(measured, kind, operation) for operation in OPERATIONS]
            label = KINDS[kind].label.replace("`", "")
            bars = axes.bar(at, seconds, width, label=label, color=COLOURS[place % len(COLOURS)])
            made = [str(calls(measured, kind, operation)) for operation in OPERATIONS]
            axes.bar_label(bars, made, fontsize=8, padding=2)
        axes.set_xticks(range(len(OPERATIONS)), list(OPERATIONS))
        axes.set_ylabel("seconds (above the bars: calls)")
        axes.grid(visible=True, axis="y", alpha=0.3)
        axes.set_axisbelow(True)
        figure.legend(loc="outside lower center", ncols=len(kinds))
        figure.savefig(file, format="svg", metadata={"Date": None})
