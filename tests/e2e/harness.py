"""One Pulumi project in a temporary folder, and the real CLI on it, isolated from everything of the user's."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.tracebacks import traceback_in
from tests.waiting import PATIENCE
from tools import isolated

PROJECT = "test"
SETTINGS = f"Pulumi.{isolated.STACK}.yaml"
DYNAMIC = "pulumi-python:dynamic"
PREAMBLE = """\
import pulumi
import plusofon_pulumi as plusofon

"""
OF_SECOND = ", opts=pulumi.ResourceOptions(provider=second)"


@dataclass(frozen=True, slots=True)
class Result:
    """How one run of the CLI ended, and what it said."""

    arguments: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def output(self) -> str:
        """All that was said, without colours."""
        return self.stdout + self.stderr

    def says(self, *lines: str) -> str:
        """See that the output has all this in it; return the output."""
        assert [line for line in lines if line not in self.output] == [], str(self)
        return self.output

    def __str__(self) -> str:
        return f"`pulumi {' '.join(self.arguments)}` ended with {self.code} after {self.seconds:.1f} s:\n{self.output}"


class Project:
    """A project with one stack, both new; `env` adds to the CLI's environment, which is otherwise made from nothing."""

    def __init__(self, folder: Path, blank: Path, engine: Path, env: Mapping[str, str | None] | None = None) -> None:
        shutil.copytree(blank, folder, dirs_exist_ok=True)
        self.folder = folder
        # Python takes a program written within the same second, of the same length, for the one that it has compiled.
        self.env: dict[str, str] = isolated.environment(engine, folder) | {"PYTHONDONTWRITEBYTECODE": "1"}
        self.set_env(**(env or {}))

    def set_env(self, **changes: str | None) -> None:
        """Change the CLI's environment from here on; None takes a variable away."""
        self.env = {name: value for name, value in {**self.env, **changes}.items() if value is not None}

    def write(self, program: str, preamble: str = PREAMBLE) -> None:
        """Make this the program; `pulumi` and `plusofon` are imported for it."""
        (self.folder / "__main__.py").write_text(preamble + textwrap.dedent(program), encoding="utf-8")

    def update(self, program: str, *arguments: str, fails: bool = False) -> Result:
        """Make this the program, and bring it up."""
        self.write(program)
        return self.up(*arguments, fails=fails)

    def up(self, *arguments: str, fails: bool = False) -> Result:
        """Update without a preview before it: half the time, and the same calls of the provider in the update."""
        return self.run("up", "--yes", "--skip-preview", *arguments, fails=fails)

    def preview(self, *arguments: str, fails: bool = False) -> Result:
        return self.run("preview", *arguments, fails=fails)

    def refresh(self, *arguments: str, fails: bool = False) -> Result:
        return self.run("refresh", "--yes", "--skip-preview", *arguments, fails=fails)

    def destroy(self, *arguments: str, fails: bool = False) -> Result:
        return self.run("destroy", "--yes", "--skip-preview", *arguments, fails=fails)

    def config(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set a key of the stack's configuration, `plusofon:token` for example."""
        self.run("config", "set", "--secret" if secret else "--plaintext", "--", key, value)

    def run(self, *arguments: str, fails: bool | None = False, seconds: float = 120) -> Result:
        """Run `pulumi`. An end that was not foretold (None: not at all) fails the test, and so does a traceback."""
        result = run(arguments, self.folder, self.env, seconds)
        assert fails is None or fails == (result.code != 0), str(result)
        # The engine's own log shows whatever it is sent, also of a program that it interrupts.
        assert "--logtostderr" in arguments or not traceback_in(result.output), str(result)
        return result

    def state(self) -> dict[str, Any]:
        """Return the deployment in state, as `pulumi stack export` shows it, without the CLI's 0.3 seconds."""
        file = self.folder / "state" / ".pulumi" / "stacks" / PROJECT / f"{isolated.STACK}.json"
        return json.loads(file.read_text(encoding="utf-8"))["checkpoint"].get("latest") or {}

    def resources(self) -> list[dict[str, Any]]:
        """Return the dynamic resources in state."""
        return [each for each in self.state().get("resources", []) if each["type"].startswith(DYNAMIC)]

    def names(self) -> set[str]:
        """Return the names of the dynamic resources in state."""
        return {each["urn"].rpartition("::")[2] for each in self.resources()}

    def outputs(self) -> Any:
        """Return what the program exported."""
        [stack] = [each for each in self.state()["resources"] if each["type"] == "pulumi:pulumi:Stack"]
        return stack.get("outputs", {})


def second(account: Sandbox) -> str:
    """Return the line of a program that makes `second`, the Provider of another account."""
    return f'second = plusofon.Provider("second", token="{account.token}", base_url="{account.url}")\n'


def writes(account: Sandbox) -> int:
    return account.calls("PUT") + account.calls("DELETE")


def in_order(result: Result, *lines: str) -> None:
    """See that a run has said all this, in this order."""
    found = [result.says(line).find(line) for line in lines]
    assert found == sorted(found), str(result)


def make_blank(folder: Path, engine: Path) -> Path:
    """Make the folder of a project with a stack and no program: each test gets a copy, which saves it half a second."""
    (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n", encoding="utf-8")
    result = run(("stack", "init", isolated.STACK), folder, isolated.environment(engine, folder), seconds=120)
    assert result.code == 0, str(result)
    return folder


def run(arguments: Sequence[str], folder: Path, env: Mapping[str, str], seconds: float) -> Result:
    """Run `pulumi` to its end; one that hangs is ended, with all its plugins, and fails with what it has said."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        command = ["pulumi", *arguments]
        began = time.monotonic()
        with isolated.started(command, folder, env, stdout, stderr) as process:
            timer = threading.Timer(seconds, isolated.end_session, [process])
            timer.start()
            # With a time-out of its own it would look every 50 ms only, and the bench be no more exact than that.
            code = process.wait()
            took = time.monotonic() - began
            timer.cancel()
            timer.join()
        result = Result(tuple(arguments), code, text_of(stdout), text_of(stderr), took)
    assert took < seconds, f"it hung: {result}"
    return result


def text_of(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")


@dataclass
class Run:
    """A run of the CLI that is still under way, for a test that stops it, or its plugin, in the middle."""

    process: subprocess.Popen[bytes]
    _output: IO[bytes]

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    @property
    def said(self) -> str:
        return text_of(self._output)

    def kill_plugins(self) -> bool:
        """Kill the processes that run our providers; return True if there was one."""
        was_killed = False
        for pid in isolated.members(self.process.pid):
            ps = ("ps", "-o", "args=", "-p", str(pid))
            if "pulumi.dynamic" in subprocess.run(ps, capture_output=True, check=False, text=True).stdout:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    was_killed = True
        return was_killed


@contextlib.contextmanager
def started(project: Project, *arguments: str) -> Iterator[Run]:
    with tempfile.TemporaryFile() as output:
        command = ["pulumi", *arguments, "--yes", "--skip-preview"]
        with isolated.started(command, project.folder, project.env, output, output) as process:
            yield Run(process, output)


def processes_that_know(folder: Path) -> list[str]:
    """Return the commands of the living processes in whose environment a folder is named, where the system shows it."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in environ.read_bytes():
                found.append(environ.with_name("cmdline").read_text())
    return found
