"""The results of one run: kept as JSON, so that tables and chart can be made again without measuring."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import os
import platform
import re
import statistics
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.growth import Growth
from bench.measure import CHECKOUT, Cell, Measurement
from bench.programs import FLOOR
from tools.engine import cache_folder

WHOLE, PART = cache_folder() / "bench.json", cache_folder() / "bench-part.json"


@dataclass(slots=True)
class Results:
    """All that was measured, and where."""

    machine: dict[str, str] = field(default_factory=dict)
    measurements: list[Measurement] = field(default_factory=list)
    startup: dict[str, list[float]] = field(default_factory=dict)
    growth: list[Growth] = field(default_factory=list)

    def save(self, file: Path) -> None:
        """Write everything down."""
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = {
            "machine": self.machine,
            "measurements": [asdict(each) for each in self.measurements],
            "startup": self.startup,
            "growth": [asdict(each) for each in self.growth],
        }
        file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Results:
        """Read what `save` wrote."""
        rows = json.loads(file.read_text(encoding="utf-8"))
        measurements = [Measurement(**each) for each in rows["measurements"]]
        return cls(rows["machine"], measurements, rows["startup"], [Growth(**each) for each in rows["growth"]])

    def cells(self) -> list[Cell]:
        """Return the cases that were measured, in the order of measuring."""
        return list(dict.fromkeys(each.cell for each in self.measurements))

    def of(self, cell: Cell, kind: str, operation: str) -> list[Measurement]:
        """Return what was measured in all rounds; empty where nothing was."""
        return [
            each for each in self.measurements if each.cell == cell and (each.kind, each.operation) == (kind, operation)
        ]

    def seconds(self, cell: Cell, kind: str, operation: str) -> float:
        """Return the median time."""
        return statistics.median(each.seconds for each in self.of(cell, kind, operation))

    def calls(self, cell: Cell, kind: str, operation: str) -> int:
        """Return the largest number of calls of any round."""
        return max(each.all_calls for each in self.of(cell, kind, operation))

    def paired(self, cell: Cell, kind: str, operation: str, against: str = FLOOR) -> Iterable[tuple[float, float]]:
        """Return the times of two kinds, round by round."""
        other = {each.round: each.seconds for each in self.of(cell, against, operation)}
        return [(each.seconds, other[each.round]) for each in self.of(cell, kind, operation) if each.round in other]

    def ratio(self, cell: Cell, kind: str, operation: str) -> float:
        """Return the time as a multiple of the floor's: the median of the rounds' ratios."""
        return statistics.median(ours / floor for ours, floor in self.paired(cell, kind, operation))


def describe_machine(engine: Path) -> dict[str, str]:
    """Say on what the figures come about, and with which versions."""
    version = subprocess.run([engine / "pulumi", "version"], capture_output=True, check=True, text=True).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "Date": dt.datetime.now(tz=dt.timezone.utc).date().isoformat(),
        "Processor": f"{_processor()}, {os.cpu_count()} cores",
        "Memory": f"{memory:.0f} GiB",
        "System": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Pulumi engine": version.removeprefix("v"),
        "Language host": _language_host(engine),
        **{f"`{name}`": importlib.metadata.version(name) for name in ("pulumi", "requests")},
        "`plusofon-pulumi`": _our_version(),
    }


def _language_host(engine: Path) -> str:
    """Say what runs the programs: a script is the stand-in, Pulumi's own is a program of Go."""
    is_script = (engine / "pulumi-language-python").read_bytes()[:2] == b"#!"
    return "the stand-in, tools/language_host.py" if is_script else "Pulumi's own"


def _our_version() -> str:
    """Return the version of the checkout that is measured: what was noted when it was installed may be older."""
    # Python 3.10 has no tomllib.
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    (version,) = re.findall(r'^version = "(.+?)"', project, re.MULTILINE)
    return str(version)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
