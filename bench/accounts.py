"""Compare many accounts as stacks with as many Providers in one program: `python -m bench.accounts [N]`."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.measure import CHECKOUT, machine
from plusofon_pulumi.sandbox import Sandbox
from tools import isolated
from tools.engine import engine_folder

LATENCY = 0.05  # seconds that a sandbox takes to answer a call
AT_ONCE = (1, 4)
PROGRAM = """\
import json, os
import pulumi
import plusofon_pulumi as plusofon

for number, (token, url) in enumerate(json.loads(os.environ["ACCOUNTS"])):
    account = plusofon.Provider(f"account-{number}", token=token, base_url=url)
    options = pulumi.ResourceOptions(provider=account)
    plusofon.AllowedDirections(f"account-{number}", codes=["7", "36"], opts=options)
"""


def main() -> None:
    """Print a line for each way and operation."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    engine = engine_folder()
    with ExitStack() as life:
        folder = Path(life.enter_context(tempfile.TemporaryDirectory(prefix="plusofon-bench-")))
        for at_once in AT_ONCE:
            stacks(life, engine, folder / f"stacks-{at_once}", n, at_once)
        providers(life, engine, folder / "providers", n)
    print(machine(engine))


def stacks(life: ExitStack, engine: Path, folder: Path, n: int, at_once: int) -> None:
    """Measure the example with a stack an account."""
    env = isolated.environment(engine, folder)
    del env["PULUMI_STACK"]
    for number, account in enumerate(accounts(life, n)):
        env |= {f"PLUSOFON_TOKEN_A{number}": account.token, f"PLUSOFON_BASE_URL_A{number}": account.url}
    rows = "".join(f"a{number},7 36\n" for number in range(n))
    (folder / "accounts.csv").write_text(f"account,codes\n{rows}", encoding="utf-8")
    example = [sys.executable, str(CHECKOUT / "examples" / "many_accounts")]
    for action in ("up", "preview"):
        command = [*example, action, "accounts.csv", "--at-once", str(at_once)]
        measure(f"{n} stacks, {at_once} at once: {action}", command, folder, env)


def providers(life: ExitStack, engine: Path, folder: Path, n: int) -> None:
    """Measure one program that has a Provider an account."""
    env = isolated.environment(engine, folder)
    env["ACCOUNTS"] = json.dumps([(account.token, account.url) for account in accounts(life, n)])
    (folder / "Pulumi.yaml").write_text("name: accounts\nruntime: python\n", encoding="utf-8")
    (folder / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    measure("(the stack is made)", ["pulumi", "stack", "init", isolated.STACK], folder, env)
    for action in (["up", "--yes", "--skip-preview"], ["preview"]):
        measure(f"{n} Providers: {action[0]}", ["pulumi", *action], folder, env)


def accounts(life: ExitStack, n: int) -> list[Sandbox]:
    """Start sandboxes, each an account with two codes open."""
    return [life.enter_context(Sandbox(open=["7", "53"], latency=LATENCY)) for _ in range(n)]


def measure(label: str, command: Sequence[str], folder: Path, env: dict[str, str]) -> None:
    """Run a command, and print its time and the most memory that all of its processes had at once."""
    peak, ended = [0], threading.Event()
    with isolated.started(
        command, folder, env, (folder / "output").open("wb"), (folder / "errors").open("wb")
    ) as process:
        began = time.monotonic()

        def watch() -> None:
            while not ended.wait(0.2):
                peak[0] = max(peak[0], sum(map(memory, isolated.members(process.pid))))

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = process.wait()
        seconds = time.monotonic() - began
        ended.set()
        watcher.join()
    print(f"{label}: {seconds:.1f} s, {peak[0] / 1024:.0f} MiB, exit code {code}", flush=True)


def memory(pid: int) -> int:
    """Return a process's share of the memory in KiB (PSS: what several share is counted once); 0 if it has ended."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return 0


if __name__ == "__main__":
    main()
