"""How `tools/engine.py` gets an engine: real processes, with fakes of `pulumi` and `go` as all that PATH holds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE, until
from tools import engine, isolated

SCRIPT = Path(engine.__file__)
PARTS = ("pulumi", "pulumi-language-python", "pulumi-resource-pulumi-python")
# Answers as `go` does, notes each call, and takes `seconds` to build.
FAKE_GO = """
import os, pathlib, subprocess, sys, time
place = pathlib.Path({place!r})
with (place / "calls").open("a") as calls:
    calls.write(sys.argv[1] + "\\n")
if sys.argv[1] == "env":
    print({version!r})
elif sys.argv[1] == "build":
    child = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])
    (place / "session").write_text(str(os.getsid(0)))
    if child.wait():
        sys.exit("no such luck")
    if {fails}:
        sys.exit("cannot find package")
    target = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
    target.parent.mkdir()
    target.write_text("built")
    target.chmod(0o755)
elif sys.argv[1] == "list":
    print(place / "sdk")
"""


class Machine:
    """A machine with nothing on PATH, an empty cache and no network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "path"
        self.path.mkdir()
        self.cache = folder / "cache" / "plusofon-pulumi"
        self.env = {
            "PATH": str(self.path),
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }

    def install(self, name: str, program: str, *, into: Path | None = None) -> Path:
        script = (into or self.path) / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f"#!{sys.executable}\n{program}")
        script.chmod(0o755)
        return script

    def install_go(self, *, version: str = "go1.27.1", seconds: float = 0, fails: bool = False) -> None:
        place = self.folder / "go"
        self.install(engine.PROGRAM_RUNNER, "", into=place / "sdk" / "python" / "cmd")
        self.install(engine.DYNAMIC_PROVIDER, "", into=place / "sdk" / "python" / "dist")
        self.install("go", FAKE_GO.format(place=str(place), version=version, seconds=seconds, fails=fails))

    def go_calls(self) -> list[str]:
        calls = self.folder / "go" / "calls"
        return calls.read_text().split() if calls.exists() else []

    def fill_cache(self) -> Path:
        folder = self.cache / engine.entry_name() / "bin"
        folder.mkdir(parents=True)
        return folder

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, SCRIPT], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def set_up(self, *, fails: bool = False) -> tuple[str, str]:
        """Run the set-up; return what it printed for the caller, and what for the eye."""
        process = self.start()
        output, told = process.communicate(timeout=PATIENCE)
        assert (process.returncode, "Traceback" in told) == (int(fails), False), told
        return output, told


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


class TestOrder:
    def test_a_whole_cli_on_path_is_taken_first(self, machine: Machine) -> None:
        for part in PARTS:
            machine.install(part, 'print("v3.300.0")')
        machine.fill_cache()
        assert machine.set_up() == (f"{machine.path}\n", "")

    @pytest.mark.parametrize("missing", PARTS[1:])
    def test_a_cli_without_all_its_parts_is_passed_over(self, machine: Machine, missing: str) -> None:
        for part in PARTS:
            machine.install(part, 'print("v3.300.0")')
        (machine.path / missing).unlink()
        cached = machine.fill_cache()
        output, told = machine.set_up()
        assert output == f"{cached}\n"
        assert f"passed over: it comes without {missing}" in told

    def test_an_old_cli_is_passed_over(self, machine: Machine) -> None:
        for part in PARTS:
            machine.install(part, 'print("v3.100.0")')
        cached = machine.fill_cache()
        output, told = machine.set_up()
        assert output == f"{cached}\n"
        assert "its version is 3.100.0" in told

    def test_a_cli_behind_a_link_has_its_parts_beside_itself(self, machine: Machine) -> None:
        for part in PARTS:
            machine.install(part, 'print("v3.300.0")', into=machine.folder / "opt")
        (machine.path / "pulumi").symlink_to(machine.folder / "opt" / "pulumi")
        assert machine.set_up() == (f"{machine.path}\n", "")

    def test_what_is_cached_is_not_built_again(self, machine: Machine) -> None:
        machine.install_go()
        cached = machine.fill_cache()
        assert machine.set_up() == (f"{cached}\n", "")
        assert machine.go_calls() == []

    def test_a_relative_cache_home_is_ignored(self, machine: Machine) -> None:
        machine.install_go()
        machine.env["XDG_CACHE_HOME"] = "somewhere"
        assert machine.set_up()[0].startswith(str(machine.folder / ".cache" / "plusofon-pulumi"))


class TestBuild:
    def test_a_built_engine_has_all_its_parts_and_is_kept(self, machine: Machine) -> None:
        machine.install_go()
        output, told = machine.set_up()
        folder = Path(output.strip())
        assert sorted(each.name for each in folder.iterdir()) == sorted([*PARTS, engine.PROGRAM_RUNNER])
        assert all(os.access(each, os.X_OK) for each in folder.iterdir())
        assert "Building the Pulumi engine" in told
        assert machine.set_up() == (output, "")
        assert machine.go_calls().count("build") == 1

    def test_two_set_ups_at_once_build_one_engine(self, machine: Machine) -> None:
        machine.install_go(seconds=1)
        both = [machine.start(), machine.start()]
        outputs = {process.communicate(timeout=PATIENCE)[0] for process in both}
        assert [process.returncode for process in both] == [0, 0]
        assert len(outputs) == 1
        assert machine.go_calls().count("build") == 1

    @pytest.mark.usefixtures("signals_heard")
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_an_interrupted_build_leaves_nothing_behind(self, machine: Machine, number: signal.Signals) -> None:
        machine.install_go(seconds=600)
        process = machine.start()
        session = machine.folder / "go" / "session"
        until(lambda: session.exists() and session.read_text() != "")
        process.send_signal(number)
        output, told = process.communicate(timeout=PATIENCE)
        assert (process.returncode, output) == (128 + number, "")
        assert "Traceback" not in told
        assert isolated.members(int(session.read_text())) == []
        assert [each.name for each in machine.cache.iterdir()] == ["lock"]

    def test_what_a_killed_build_has_left_is_swept_away(self, machine: Machine) -> None:
        (machine.cache / "making-123" / "bin").mkdir(parents=True)
        machine.install_go()
        machine.set_up()
        assert sorted(each.name for each in machine.cache.iterdir()) == sorted([engine.entry_name(), "lock"])


class TestNothingToBeHad:
    def check(self, machine: Machine) -> str:
        output, told = machine.set_up(fails=True)
        assert output == ""
        assert "error: no Pulumi engine is to be had here." in told
        assert "put the Pulumi CLI, 3.254 or newer, on PATH" in told
        assert "put Go, 1.26.6 or newer, on PATH" in told
        return told

    def test_it_says_what_to_install(self, machine: Machine) -> None:
        assert "There is no `go` on PATH" in self.check(machine)
        assert [each.name for each in machine.cache.iterdir()] == ["lock"]

    def test_an_old_go_is_not_tried(self, machine: Machine) -> None:
        machine.install_go(version="go1.22.3")
        assert "too old to build the engine: 1.22.3" in self.check(machine)
        assert machine.go_calls() == ["env"]

    def test_a_failed_build_is_told(self, machine: Machine) -> None:
        machine.install_go(fails=True)
        assert "  cannot find package\n" in self.check(machine)

    def test_a_cache_that_cannot_be_written_is_told(self, machine: Machine) -> None:
        (machine.folder / "cache").write_text("a file")
        _, told = machine.set_up(fails=True)
        assert "error: the engine cannot be put into its cache" in told
