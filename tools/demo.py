"""Show the life of the example project on a local sandbox, with the real engine: `make demo`.

Each step says what should happen, and the demonstration fails where something else does. Everything is in a temporary
folder, which is removed at the end, also after an interruption.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from plusofon_pulumi.sandbox import Sandbox
from tools import isolated
from tools.engine import engine_folder

CHECKOUT = Path(__file__).resolve().parent.parent
PROGRAM = Path("examples", "quickstart")
FOREIGN = "44"  # open from the start and never declared, so it stays open to the end
UP = "pulumi up --yes --skip-preview"
# What the step shows; the command; whether it fails (1) or not; what Pulumi says; what is open then, beside FOREIGN.
STEPS = (
    ("A new stack for the program, which wants 7 and 36 open.", f"pulumi stack init {isolated.STACK}", 0, "", ""),
    ("A preview says what would happen, and writes nothing.", "pulumi preview", 0, "3 to create", ""),
    ("Now it happens.", UP, 0, "3 created", "36 7"),
    ("Once more: there is nothing to do.", UP, 0, "3 unchanged", "36 7"),
    ("Somebody closes 36. A nightly check fails:", "pulumi preview --expect-no-changes", 1, "1 to update", "7"),
    ("An update opens it again.", UP, 0, "1 updated", "36 7"),
    ("A code with a typing error:", """pulumi config set codes '["7", "036"]'""", 0, "", "36 7"),
    ("The preview refuses it before anything is written.", "pulumi preview", 1, "'036' is not a calling", "36 7"),
    ("36 leaves the program:", """pulumi config set codes '["7"]'""", 0, "", "36 7"),
    ("So the update closes it.", UP, 0, "1 deleted", "7"),
    ("Everything that the program opened is closed.", "pulumi destroy --yes --skip-preview", 0, "2 deleted", ""),
    ("Another account has codes open. They become a program,", "plusofon adopt --out adopted", 0, "wrote", "36 7"),
    ("with a stack of its own,", f"pulumi stack init {isolated.STACK} --cwd adopted", 0, "", "36 7"),
    ("which takes them over as they are.", f"{UP} --cwd adopted", 0, "4 created", "36 7"),
)
BY_HAND = {5: [FOREIGN, "7"], 12: [FOREIGN, "36", "7"]}  # what somebody leaves open before a step


def main() -> None:
    """Run all steps."""
    isolated.stop_on_signals()
    try:
        show(engine_folder())
    except isolated.Stopped:
        print("The demonstration was stopped; nothing of it remains.", file=sys.stderr)
        raise


def show(engine: Path) -> None:
    """Set up an account and a copy of the project, run the steps, and remove both."""
    with tempfile.TemporaryDirectory(prefix="plusofon-demo-") as name, Sandbox(open=[FOREIGN]) as sandbox:
        try:
            folder = Path(name, "example")
            shutil.copytree(CHECKOUT / PROGRAM, folder / PROGRAM, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(CHECKOUT / "Pulumi.yaml", folder)
            print((folder / PROGRAM / "__main__.py").read_text(encoding="utf-8"))
            account = {"PLUSOFON_BASE_URL": sandbox.url, "PLUSOFON_TOKEN": sandbox.token}
            account |= {"PULUMI_OPTION_COLOR": "always" if sys.stdout.isatty() else "never"}
            env = isolated.environment(engine, Path(name, "pulumi")) | account
            for number, (shown, command, fails, says, left) in enumerate(STEPS, start=1):
                sandbox.set_open(BY_HAND.get(number, sandbox.open_codes))
                print(f"\n== {number}/{len(STEPS)}: {shown}\n$ {command}", flush=True)
                came = run(command, folder, env)
                is_open = sorted(sandbox.open_codes)
                print(f"Open in the account: {', '.join(is_open)}", flush=True)
                if (came[0] != 0) != fails or says not in came[1] or is_open != sorted([FOREIGN, *left.split()]):
                    sys.exit(f"error: step {number} ended otherwise than it should: exit code {came[0]}")
        finally:
            isolated.no_more_stopping()  # cleaning up takes a moment
    print("\nAll steps ended as they should.")


def run(command: str, folder: Path, env: dict[str, str]) -> tuple[int, str]:
    """Run a command and show its output as it comes; return the exit code, and the output without colours."""
    output = ""
    with isolated.started(shlex.split(command), folder, env, subprocess.PIPE, subprocess.STDOUT) as process:
        for line in process.stdout or ():
            print(f"  {line.decode()}", end="", flush=True)
            output += re.sub(r"\x1b\[[0-9;]*m", "", line.decode())
        return process.wait(), output


if __name__ == "__main__":
    main()
