"""The chart of docs/performance.md: time and calls against N, drawn by matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.measure import Cell
from bench.programs import KINDS
from bench.results import Results

SHOWN = {"create": "create all", "up": "up with nothing to do", "refresh": "refresh"}
LATENCY_MS = 50
# Told apart in black and white too, and by those who do not see red and green.
STYLES = {
    "direction": {"color": "#0072b2", "marker": "o"},
    "list": {"color": "#009e73", "marker": "s"},
    "naive": {"color": "#d55e00", "marker": "^"},
    "floor": {"color": "#555555", "marker": "x", "linestyle": "--"},
}


def draw(file: Path, results: Results) -> None:
    """Write the chart as SVG, the same for the same results."""
    # Text stays text, which can be searched and read out; the ids in the file do not change by themselves.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "plusofon", "font.family": "sans-serif"}):
        figure = Figure(figsize=(10, 6.2), layout="constrained")
        axes = figure.subplots(2, len(SHOWN), sharex=True, sharey="row")
        for column, (operation, label) in enumerate(SHOWN.items()):
            _plot(axes[0][column], results, operation, results.seconds)
            _plot(axes[1][column], results, operation, results.calls)
            axes[0][column].set_title(label)
            axes[1][column].set_xlabel("directions (N)")
        axes[0][0].set_ylabel("seconds")
        axes[1][0].set_ylabel("calls")
        axes[1][0].set_yscale("symlog", linthresh=1)
        axes[1][0].set_ylim(bottom=0)
        axes[0][0].set_ylim(bottom=0)
        handles, labels = axes[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        figure.suptitle(f"{LATENCY_MS} ms per call")
        figure.savefig(file, format="svg", metadata={"Date": None})


def _plot(axes: Any, results: Results, operation: str, value: Callable[[Cell, str, str], float]) -> None:
    """Draw one curve a kind, through the cells where it was measured."""
    for kind in KINDS:
        if KINDS[kind].is_everywhere:
            cells = [
                cell for cell in results.cells() if cell.latency_ms == LATENCY_MS and results.of(cell, kind, operation)
            ]
            values = [value(cell, kind, operation) for cell in cells]
            axes.plot([cell.n for cell in cells], values, label=KINDS[kind].label.replace("`", ""), **STYLES[kind])
    axes.grid(visible=True, alpha=0.3)
