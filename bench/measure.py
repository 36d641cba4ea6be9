"""Run the operations of one kind of program on the real engine, and measure each."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.programs import KINDS
from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, make_blank
from tools.engine import yaml_folder

CHECKOUT = Path(__file__).resolve().parent.parent
CATALOGUE = CHECKOUT / "plusofon_pulumi" / "sandbox" / "catalogue.json"
ALL_CODES = sorted({row["code"] for row in json.loads(CATALOGUE.read_text(encoding="utf-8"))}, key=int)
LATENCY = 0.05  # seconds that the sandbox takes to answer a call
PATIENCE = 900.0  # an operation that takes longer hangs, in seconds
UP = ("up", "--yes", "--skip-preview")
OPERATIONS = {
    "create": UP,
    "nothing to do": UP,
    "preview": ("preview",),
    "refresh": ("refresh", "--yes", "--skip-preview"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}
IMPORTS = {
    "Python alone": "pass",
    "`import pulumi`": "import pulumi",
    "a program with `AllowedDirection`": "import plusofon_pulumi; plusofon_pulumi.AllowedDirection",
}


class BenchError(Exception):
    """A program did not do what it is measured for."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one operation took."""

    kind: str
    operation: str
    seconds: float
    calls: int


class Stage:
    """An engine, and a folder for the projects that are measured."""

    def __init__(self, engine: Path, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        (folder / "blank").mkdir()
        self._blank = make_blank(folder / "blank", engine)

    def operations(self, kind: str, codes: Sequence[str]) -> Iterator[Measurement]:
        """Take a new stack through all operations, and yield what each took."""
        with (
            Sandbox(latency=LATENCY) as sandbox,
            tempfile.TemporaryDirectory(dir=self._folder) as name,
        ):
            account = {"PLUSOFON_BASE_URL": sandbox.url, "PLUSOFON_TOKEN": sandbox.token}
            # Program and plugin import the idle resource and the naive provider from the checkout.
            project = Project(Path(name), self._blank, self._engine, account | {"PYTHONPATH": str(CHECKOUT)})
            files = KINDS[kind].files(codes)
            if "Pulumi.yaml" in files:
                project.set_env(PATH=f"{project.env['PATH']}{os.pathsep}{yaml_folder()}")
            for file, text in files.items():
                (project.folder / file).write_text(text, encoding="utf-8")
            for operation, arguments in OPERATIONS.items():
                sandbox.clear_requests()
                result = project.run(*arguments, seconds=PATIENCE)
                expected = set(codes) if KINDS[kind].opens and operation != "destroy" else set()
                if sandbox.open_codes != expected:
                    raise BenchError(f"error: after {operation} of {kind}, {len(sandbox.open_codes)} codes are open")
                yield Measurement(kind, operation, result.seconds, sandbox.calls())


def startup(rounds: int = 15) -> dict[str, float]:
    """Return the median seconds of new processes that import this much, run in turns."""
    seconds: dict[str, list[float]] = {label: [] for label in IMPORTS}
    for _ in range(rounds + 1):
        for label, program in IMPORTS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)
            seconds[label].append(time.perf_counter() - began)
    # The first round fills the disk's cache.
    return {label: statistics.median(each[1:]) for label, each in seconds.items()}


def machine(engine: Path) -> str:
    """Return a line that says when and where the figures were measured, and with which versions."""
    version = subprocess.run([engine / "pulumi", "version"], capture_output=True, check=True, text=True).stdout.strip()
    info = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*: (.*)$", info.read_text(encoding="utf-8") if info.exists() else "", re.MULTILINE)
    packages = (f"{name} {importlib.metadata.version(name)}" for name in ("pulumi", "requests"))
    parts = [
        f"Measured on {dt.datetime.now(tz=dt.timezone.utc).date().isoformat()}",
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores",
        f"Python {platform.python_version()}",
        f"engine {version.removeprefix('v')}",
        *packages,
    ]
    return f"{'; '.join(parts)}."
