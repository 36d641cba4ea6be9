"""Run the operations of one kind of program on the real engine, and measure each."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.account import CountingSandbox
from bench.programs import KINDS
from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH
from tests.e2e.harness import Project, make_blank

CHECKOUT = Path(__file__).resolve().parent.parent
UP = ("up", "--yes", "--skip-preview")
OPERATIONS = {
    "create": UP,
    "up": UP,
    "preview": ("preview",),
    "refresh": ("refresh", "--yes", "--skip-preview"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}
# One operation that takes longer hangs, in seconds.
PATIENCE = 900.0
# Only Linux tells a living process's peak there.
PROCESSES = Path("/proc")


class BenchError(Exception):
    """A program did not do what it is measured for."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One case that all kinds are measured in."""

    latency_ms: int
    n: int

    def __str__(self) -> str:
        return f"{self.latency_ms} ms per call, N = {self.n}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one operation took. ``memory_mib``: the plugin's peak; None where the system does not tell it."""

    latency_ms: int
    n: int
    round: int
    kind: str
    operation: str
    seconds: float
    calls: dict[str, int]
    under_way: int
    writes_under_way: int
    lists_under_way: int
    memory_mib: float | None

    @property
    def cell(self) -> Cell:
        """The case that it belongs to."""
        return Cell(self.latency_ms, self.n)

    @property
    def all_calls(self) -> int:
        """The number of calls of all kinds."""
        return sum(self.calls.values())


class Stage:
    """An engine, and a folder for the projects that are measured."""

    def __init__(self, engine: Path, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        (folder / "blank").mkdir()
        self._blank = make_blank(folder / "blank", engine)

    @contextlib.contextmanager
    def project(self, sandbox: CountingSandbox, program: str) -> Iterator[Project]:
        """Give a new project on an account, and remove it afterwards."""
        env = {
            "PLUSOFON_BASE_URL": sandbox.url,
            "PLUSOFON_TOKEN": sandbox.token,
            # For the resource that does nothing: its class is imported from here by the program and by the plugin.
            "PYTHONPATH": str(CHECKOUT),
        }
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            project = Project(Path(name), self._blank, self._engine, env)
            project.write(program, preamble="")
            yield project


def operations(stage: Stage, cell: Cell, kind: str, codes: Sequence[str], round_: int) -> Iterator[Measurement]:
    """Take a new stack of one kind through all operations, and tell of each as it ends."""
    with (
        CountingSandbox(latency=cell.latency_ms / 1000) as sandbox,
        stage.project(sandbox, KINDS[kind].program(codes)) as project,
    ):
        for operation, arguments in OPERATIONS.items():
            sandbox.clear_requests()
            with PeakMemory(sandbox.url) as memory:
                result = project.run(*arguments, seconds=PATIENCE)
            _verify(sandbox, kind, operation, codes)
            yield Measurement(
                cell.latency_ms,
                cell.n,
                round_,
                kind,
                operation,
                round(result.seconds, 3),
                sandbox.counted(),
                sandbox.under_way,
                sandbox.max_writes_under_way,
                max(sandbox.max_under_way("GET", path) for path in (ALLOWED_PATH, CATALOGUE_PATH)),
                memory.mib,
            )


def _verify(sandbox: CountingSandbox, kind: str, operation: str, codes: Sequence[str]) -> None:
    """See to it that only work that was done is measured."""
    expected = set(codes) if KINDS[kind].opens and operation != "destroy" else set()
    if sandbox.open_codes != expected:
        raise BenchError(f"after {operation} of {kind}, {len(sandbox.open_codes)} codes are open, not {len(expected)}")


class PeakMemory:
    """Watch the plugin process that talks to one account, until the block ends; ``mib`` is its peak."""

    def __init__(self, url: str) -> None:
        self._url = url.encode()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.mib: float | None = None

    def __enter__(self) -> PeakMemory:  # noqa: PYI034  # Self is not in typing on 3.10
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        """Look often enough to see the plugin shortly before its end, for a peak stays readable until then."""
        passed_over = set(PROCESSES.glob("[0-9]*"))
        plugin: Path | None = None
        while passed_over and not self._done.wait(0.05):
            plugin = plugin or self._find(passed_over)
            peak = _peak_mib(plugin) if plugin else None
            self.mib = peak or self.mib

    def _find(self, passed_over: set[Path]) -> Path | None:
        """Return the plugin's folder in /proc; what has been there for a while and is no plugin is passed over."""
        for process in set(PROCESSES.glob("[0-9]*")) - passed_over:
            with contextlib.suppress(OSError):
                age = time.time() - process.stat().st_mtime
                if b"pulumi.dynamic" in (process / "cmdline").read_bytes():
                    if self._url in (process / "environ").read_bytes():
                        return process
                elif age > 1:
                    passed_over.add(process)
        return None


def _peak_mib(process: Path) -> float | None:
    with contextlib.suppress(OSError):
        for line in (process / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    return None
