"""How `tools/engine.py` gets an engine: real processes, with fakes of `pulumi` and `go` as all that PATH holds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE, until
from tools import engine, isolated

PARTS = ("pulumi", engine.LANGUAGE_HOST, engine.DYNAMIC_PROVIDER)
# Answers as `go` does, notes each call, and takes `seconds` to build.
FAKE_GO = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
place = pathlib.Path({place!r})
with (place / "calls").open("a") as calls:
    calls.write(sys.argv[1] + "\\n")
if sys.argv[1] == "env":
    print({version!r})
elif sys.argv[1] == "list":
    print(place / "sdk")
else:
    (place / "session").write_text(str(os.getsid(0)))
    time.sleep({seconds})
    target = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
    target.parent.mkdir()
    target.write_text("built")
    target.chmod(0o755)
    sys.exit({code})
"""


class Machine:
    """A machine with only `ps` on PATH, an empty cache and no network."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.go = folder, folder / "path", folder / "go"
        self.path.mkdir()
        (self.path / "ps").symlink_to(str(shutil.which("ps")))
        self.cache = folder / "cache" / "plusofon-pulumi"
        self.env = {
            "PATH": str(self.path),
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }

    def install(self, name: str, program: str, into: Path | None = None) -> None:
        script = (into or self.path) / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f"#!{sys.executable}\n{program}")
        script.chmod(0o755)

    def install_go(self, *, version: str = "go1.27.1", seconds: float = 0, code: int = 0) -> None:
        self.install(engine.PROGRAM_RUNNER, "", self.go / "sdk" / "python" / "cmd")
        self.install(engine.DYNAMIC_PROVIDER, "", self.go / "sdk" / "python" / "dist")
        self.install("go", FAKE_GO.format(place=str(self.go), version=version, seconds=seconds, code=code))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, engine.__file__, *arguments]
        return subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def set_up(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """Run the set-up; return what it printed for the caller, and for the eye."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, "Traceback" in errors) == (code, False), errors
        return output.strip(), errors

    def builds(self) -> int:
        return (self.go / "calls").read_text().split().count("build") if (self.go / "calls").exists() else 0

    def cached(self) -> list[str]:
        return sorted(each.name for each in self.cache.iterdir())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    "parts, version, reason",
    [
        (PARTS, "v3.300.0", ""),
        (PARTS[:2], "v3.300.0", f"{engine.DYNAMIC_PROVIDER} is missing"),
        ((PARTS[0], PARTS[2]), "v3.300.0", f"{engine.LANGUAGE_HOST} is missing"),
        (PARTS, "v3.100.0", "its version is 3.100.0"),
    ],
)
def test_a_complete_new_cli_on_path_comes_first_then_the_cache(
    machine: Machine, parts: tuple[str, ...], version: str, reason: str
) -> None:
    for part in parts:
        machine.install(part, f"print({version!r})", machine.folder / "opt")
    # A package manager may link the CLI into PATH, and nothing else.
    (machine.path / "pulumi").symlink_to(machine.folder / "opt" / "pulumi")
    machine.install_go()
    cached = machine.cache / engine.entry_name() / "bin"
    cached.mkdir(parents=True)
    output, errors = machine.set_up()
    assert output == str(cached if reason else machine.path)
    assert reason in errors
    assert machine.builds() == 0


def test_a_built_engine_is_complete_and_kept_and_has_the_yaml_host_beside_it(machine: Machine) -> None:
    (machine.cache / "making-123" / "bin").mkdir(parents=True)  # left by a build that was killed
    machine.install_go()
    folder = Path(machine.set_up()[0])
    assert sorted(each.name for each in folder.iterdir()) == sorted([*PARTS, engine.PROGRAM_RUNNER])
    assert all(os.access(each, os.X_OK) for each in folder.iterdir())
    assert machine.set_up() == (str(folder), "")
    yaml = Path(machine.set_up("--yaml")[0])
    assert [each.name for each in yaml.iterdir()] == [engine.YAML_HOST]
    assert machine.set_up("--yaml") == (str(yaml), "")
    assert machine.cached() == sorted([engine.entry_name(), "lock", f"yaml-{engine.YAML_VERSION}"])
    assert machine.builds() == 2


def test_two_set_ups_at_once_build_one_engine(machine: Machine) -> None:
    machine.install_go(seconds=1)
    both = [machine.start(), machine.start()]
    assert len({process.communicate(timeout=PATIENCE)[0] for process in both}) == 1
    assert [process.returncode for process in both] == [0, 0]
    assert machine.builds() == 1


@pytest.mark.usefixtures("signals_heard")
@pytest.mark.parametrize("number", isolated.SIGNALS)
def test_an_interrupted_build_leaves_nothing_behind(machine: Machine, number: signal.Signals) -> None:
    machine.install_go(seconds=600)
    process, session = machine.start(), machine.go / "session"
    until(lambda: session.exists() and session.read_text())
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output, "Traceback" in errors) == (128 + number, "", False)
    assert isolated.members(int(session.read_text())) == []
    assert machine.cached() == ["lock"]


@pytest.mark.parametrize(
    "go, reason",
    [(None, "Go on PATH: none"), ({"version": "go1.22.3"}, "Go on PATH: 1.22.3"), ({"code": 7}, "failed (exit 7)")],
)
def test_where_nothing_works_it_says_why_and_what_to_install(
    machine: Machine, go: dict[str, str] | None, reason: str
) -> None:
    if go is not None:
        machine.install_go(**go)  # type: ignore[arg-type]  # a table's row
    output, errors = machine.set_up(code=1)
    assert output == ""
    assert reason in errors
    assert "install the Pulumi CLI, 3.254 or newer" in errors
    assert machine.cached() == ["lock"]
