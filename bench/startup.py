"""How long imports take: processes of their own, those that are compared started after each other."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

PAIRS = 15
COMMANDS = {
    "Python alone": ["-c", "pass"],
    "`import pulumi`": ["-c", "import pulumi"],
    "`import plusofon_pulumi`, and `AllowedDirection` looked up": [
        "-c",
        "import plusofon_pulumi; plusofon_pulumi.AllowedDirection",
    ],
    "`plusofon --help`": ["-m", "plusofon_pulumi", "--help"],
}
PULUMI, OURS = "`import pulumi`", "`import plusofon_pulumi`, and `AllowedDirection` looked up"


def measure(pairs: int = PAIRS) -> dict[str, list[float]]:
    """Return the seconds of each command, a list as long as there are rounds."""
    seconds: dict[str, list[float]] = {label: [] for label in COMMANDS}
    for round_ in range(pairs + 1):
        for label, arguments in _rotated(round_):
            took = _run(arguments)
            # The first round only fills the caches: of compiled modules, and of the disk.
            if round_:
                seconds[label].append(took)
    return seconds


def ratio(seconds: dict[str, list[float]]) -> float:
    """Return what our import takes of Pulumi's own: the median of the pairs."""
    return statistics.median(ours / pulumi for ours, pulumi in zip(seconds[OURS], seconds[PULUMI], strict=True))


def _rotated(round_: int) -> list[tuple[str, list[str]]]:
    items = list(COMMANDS.items())
    start = round_ % len(items)
    return items[start:] + items[:start]


def _run(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
