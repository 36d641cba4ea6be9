"""What grows with the number of codes, beyond those that exist: measured with made-up catalogues, each case once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.account import CountingSandbox, made_up_catalogue
from bench.measure import PATIENCE, UP, Stage
from bench.programs import DIRECTION, FLOOR, KINDS, LIST

CASES = [(LIST, 10), (LIST, 100), (LIST, 1000), (DIRECTION, 10), (DIRECTION, 100), (DIRECTION, 1000), (FLOOR, 1000)]
# What grows shows by itself: calls that take their time are the bench's other part.
LATENCY_MS = 0


@dataclass(frozen=True, slots=True)
class Growth:
    """What N codes take: the creation, and a preview that shows each one as closed by somebody."""

    kind: str
    n: int
    seconds: float
    calls: int
    state_bytes: int
    body_bytes: int
    diff_bytes: int


def measure(stage: Stage, kind: str, n: int) -> Growth:
    """Create N codes of a made-up catalogue, close them all by hand, and let a preview show it."""
    with (
        made_up_catalogue(n) as codes,
        CountingSandbox(latency=LATENCY_MS / 1000) as sandbox,
        stage.project(sandbox, KINDS[kind].program(codes)) as project,
    ):
        result = project.run(*UP, seconds=PATIENCE)
        calls, body = len(sandbox.requests), sandbox.largest_body()
        state = sum(each.stat().st_size for each in (project.folder / "state").rglob("stacks/*/*.json"))
        sandbox.set_open([])
        # An idle resource has nothing to show.
        diff = len(project.run("preview", "--diff", seconds=PATIENCE).stdout.encode()) if KINDS[kind].opens else 0
        return Growth(kind, n, round(result.seconds, 3), calls, state, body, diff)


def measure_all(stage: Stage) -> Iterator[Growth]:
    """Measure all cases, and tell of each as it ends."""
    for kind, n in CASES:
        yield measure(stage, kind, n)
