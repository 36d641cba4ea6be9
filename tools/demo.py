"""Show the life of the example project on a local sandbox, with the real engine: `make demo`.

Then an account with open codes is adopted. Each step tells what should come of it, and the demonstration
fails where something else does. It works on a copy of the project in a temporary folder, so nothing of it remains, also
when it is interrupted.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from plusofon_pulumi.adoption import IMPORT_FILE
from plusofon_pulumi.adoption import PROGRAM as ADOPTED
from plusofon_pulumi.sandbox import Sandbox
from tools import isolated
from tools.engine import EngineError, engine_folder
from tools.stopping import Stopped, no_more_stopping, stop_on_signals

CHECKOUT = Path(__file__).resolve().parent.parent
PROGRAM = Path("examples", "quickstart")
# Open from the start and never declared by the program: none of its business, so it stays open to the end.
FOREIGN = "44"


class DemoError(Exception):
    """A step did not end as told."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and what should come of it: the codes that are open then, and words that Pulumi says."""

    told: str
    arguments: tuple[str, ...]
    open: tuple[str, ...]
    says: str
    fails: bool = False
    before: Callable[[Sandbox], None] = lambda _sandbox: None
    program: str = "pulumi"

    @property
    def command(self) -> str:
        """Return the program and its first argument, as they are told."""
        return f"`{self.program} {self.arguments[0]}`"


UP = ("up", "--yes", "--skip-preview")
STEPS = (
    Step(
        "The program wants 7 and 36 open. A preview tells what would be done, and does nothing.",
        ("preview",),
        open=(),
        says="3 to create",
    ),
    Step("Now it is done.", UP, open=("36", "7"), says="3 created"),
    Step("Once more: there is nothing left to do.", UP, open=("36", "7"), says="3 unchanged"),
    Step(
        "Somebody closes 36 in the account. A preview sees it, and fails a nightly check:",
        ("preview", "--expect-no-changes"),
        open=("7",),
        says="1 to update",
        fails=True,
        before=lambda sandbox: sandbox.set_open(sandbox.open_codes - {"36"}),
    ),
    Step("An update mends it.", UP, open=("36", "7"), says="1 updated"),
    Step("A code that cannot be one is asked for:", ("config", "set", "codes", '["7", "036"]'), ("36", "7"), says=""),
    Step(
        "The preview refuses it, before anything is written.",
        ("preview",),
        open=("36", "7"),
        says="'036' is not a calling code",
        fails=True,
    ),
    Step("36 is taken out of the program:", ("config", "set", "codes", '["7"]'), open=("36", "7"), says=""),
    Step("So the update closes it.", UP, open=("7",), says="1 deleted"),
    Step("All that the program had opened is closed.", ("destroy", *UP[1:]), open=(), says="2 deleted"),
)
ADOPTION = (
    Step(
        "Another account has a history. A program and an import file are made of what is open in it.",
        ("adopt",),
        open=("36", "7"),
        says=f"wrote {IMPORT_FILE}",
        before=lambda sandbox: sandbox.set_open([FOREIGN, "36", "7"]),
        program="plusofon",
    ),
    Step("The program is a new project, and gets a stack.", ("stack", "init", isolated.STACK), ("36", "7"), says=""),
    Step(
        "The import puts it all into state.",
        ("import", "--file", IMPORT_FILE, "--generate-code=false", "--yes"),
        open=("36", "7"),
        says="3 imported",
    ),
    Step("So there is nothing to do.", ("preview", "--expect-no-changes"), open=("36", "7"), says="4 unchanged"),
)
TOTAL = len(STEPS) + len(ADOPTION)


def main() -> int:
    """Run all steps; return the exit code."""
    stop_on_signals()
    try:
        show()
    except (DemoError, EngineError) as error:
        print(f"error: {str(error).removeprefix('error: ')}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        print("The demonstration was stopped; nothing of it remains.", file=sys.stderr)
        return stopped.exit_code
    except BrokenPipeError:
        # Who read our output is gone: nobody is left to tell, and the interpreter's last flush would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def show() -> None:
    """Set up an account and a folder, run the steps, and remove both."""
    engine = engine_folder()
    with tempfile.TemporaryDirectory(prefix="plusofon-demo-") as name, Sandbox(open=[FOREIGN]) as sandbox:
        try:
            env = {**isolated.environment(engine, Path(name, "pulumi")), **account_of(sandbox)}
            run_steps(Path(name, "example"), sandbox, env)
            run_adoption(Path(name, "adopted"), sandbox, env)
        finally:
            # Tidying up takes a moment, and is not to be stopped.
            no_more_stopping()
    print("\nAll steps ended as told.")


def account_of(sandbox: Sandbox) -> dict[str, str]:
    """Return the variables that make the sandbox's account the one that programs and commands work on."""
    return {"PLUSOFON_BASE_URL": sandbox.url, "PLUSOFON_TOKEN": sandbox.token}


def run_steps(folder: Path, sandbox: Sandbox, env: dict[str, str]) -> None:
    """Copy the project into the folder, give it a new stack, and take both through their life."""
    folder.mkdir()
    shutil.copy(CHECKOUT / "Pulumi.yaml", folder)
    shutil.copytree(CHECKOUT / PROGRAM, folder / PROGRAM, ignore=shutil.ignore_patterns("__pycache__"))
    print(textwrap.indent((folder / PROGRAM / "__main__.py").read_text(encoding="utf-8"), "    "))
    code, output = run_shown(("pulumi", "stack", "init", isolated.STACK), folder, env)
    if code != 0:
        raise DemoError(f"no stack could be made: {output}")
    tell_open(sandbox)
    for number, step in enumerate(STEPS, start=1):
        play(number, step, sandbox, folder, env)


def run_adoption(folder: Path, sandbox: Sandbox, env: dict[str, str]) -> None:
    """Adopt what is open in the account, in a folder of its own, without one write to it."""
    folder.mkdir()
    before = writes(sandbox)
    for number, step in enumerate(ADOPTION, start=len(STEPS) + 1):
        play(number, step, sandbox, folder, env)
        if step.program == "plusofon":
            print(textwrap.indent((folder / ADOPTED).read_text(encoding="utf-8"), "    "))
    if writes(sandbox) != before:
        raise DemoError("the adoption has written to the account.")
    print("Nothing was written to the account.")


def writes(sandbox: Sandbox) -> int:
    """Count the calls so far that would change what is open."""
    return sandbox.calls("PUT") + sandbox.calls("DELETE")


def play(number: int, step: Step, sandbox: Sandbox, folder: Path, env: dict[str, str]) -> None:
    """Run one step, show it, and raise where it did not end as told."""
    step.before(sandbox)
    print(f"\n== {number}/{TOTAL}: {step.told}", flush=True)
    code, output = run_shown((step.program, *step.arguments), folder, env)
    tell_open(sandbox)
    if (code != 0) != step.fails:
        raise DemoError(f"step {number}: {step.command} ended with {code}.")
    if step.says not in output:
        raise DemoError(f"step {number}: {step.command} did not say {step.says!r}.")
    if sandbox.open_codes != {FOREIGN, *step.open}:
        raise DemoError(f"step {number}: the account should have {', '.join(sorted((FOREIGN, *step.open)))} open.")


def run_shown(command: tuple[str, ...], folder: Path, env: dict[str, str]) -> tuple[int, str]:
    """Run a command and show its output as it comes; return the exit code and the output without colours."""
    print(f"$ {shlex.join(command)}", flush=True)
    if command[0] == "pulumi":
        command = (*command, "--color", "always" if sys.stdout.isatty() else "never")
    output = ""
    with isolated.started(command, folder, env, subprocess.PIPE, subprocess.STDOUT) as process:
        for line in process.stdout or ():
            text = line.decode(errors="replace")
            print(f"  {text}", end="", flush=True)
            output += re.sub(r"\x1b\[[0-9;]*m", "", text)
        return process.wait(), output


def tell_open(sandbox: Sandbox) -> None:
    """Tell what is open in the account now."""
    print(f"Open in the account: {', '.join(sorted(sandbox.open_codes)) or 'nothing'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
