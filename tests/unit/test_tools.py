"""The tools: how an engine and an environment are set up, with fakes as all of PATH, and which mutants are of words."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import PATIENCE, until
from tools import engine, isolated
from tools.mutants import of_words

PARTS = ("pulumi", engine.LANGUAGE_HOST, engine.DYNAMIC_PROVIDER, engine.SDK_MAKER.stem)
# Answers as `go` does, and takes some seconds to build.
FAKE_GO = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
place = pathlib.Path({place!r})
if sys.argv[1] in ("env", "list"):
    sys.exit(print("go1.27.1" if sys.argv[1] == "env" else place / "sdk"))
(place / "session").write_text(str(os.getsid(0)))
time.sleep({seconds})
target = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
target.parent.mkdir(exist_ok=True)
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
        home = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
        self.env = {**home, "PATH": str(self.path), "HTTPS_PROXY": "http://127.0.0.1:9"}

    def install(self, name: str, program: str, into: Path | None = None) -> None:
        script = (into or self.path) / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(f"#!{sys.executable}\n{program}")
        script.chmod(0o755)

    def install_go(self, *, seconds: float = 0, code: int = 0) -> None:
        self.install(engine.PROGRAM_RUNNER, "", self.go / "sdk" / "python" / "cmd")
        self.install(engine.DYNAMIC_PROVIDER, "", self.go / "sdk" / "python" / "dist")
        self.install("go", FAKE_GO.format(place=str(self.go), seconds=seconds, code=code))

    def set_up(self, *arguments: str, code: int = 0, stop: Callable[[], object] | None = None) -> tuple[str, str]:
        """Run the set-up of the engine, or stop it; return what it printed for the caller, and for the eye."""
        command, pipe = [sys.executable, engine.__file__, *arguments], subprocess.PIPE
        process = subprocess.Popen(command, env=self.env, stdout=pipe, stderr=pipe, text=True)
        if stop:
            until(stop)
            process.send_signal(signal.SIGTERM)
        output, shown = process.communicate(timeout=PATIENCE)
        assert (process.returncode, "Traceback" in shown) == (code, False), shown
        return output.strip(), shown


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("missing", ["", *PARTS[1:]])
def test_a_complete_cli_on_path_comes_first_then_the_cache(machine: Machine, missing: str) -> None:
    for part in {*PARTS} - {missing}:
        machine.install(part, "print('v3.300.0')", machine.folder / "opt")
    (machine.path / "pulumi").symlink_to(machine.folder / "opt" / "pulumi")  # as a package manager may, and no more
    cached = machine.cache / engine.entry_name() / "bin"
    cached.mkdir(parents=True)
    output, shown = machine.set_up()
    assert (output, f"{missing} is missing" in shown) == (str(cached if missing else machine.path), bool(missing))


def test_an_engine_is_built_whole_and_kept_with_the_yaml_host_beside_it(machine: Machine) -> None:
    (machine.cache / "making" / "bin").mkdir(parents=True)  # left by a build that was killed
    machine.install_go()
    folder, yaml = Path(machine.set_up()[0]), Path(machine.set_up("--yaml")[0])
    assert sorted(each.name for each in folder.iterdir()) == sorted([*PARTS, engine.PROGRAM_RUNNER])
    assert all(os.access(each, os.X_OK) for each in folder.iterdir())
    assert [each.name for each in yaml.iterdir()] == [engine.YAML_HOST]
    machine.install_go(code=7)
    assert (machine.set_up(), machine.set_up("--yaml")) == ((str(folder), ""), (str(yaml), ""))
    names = {each.name for each in machine.cache.iterdir()}
    assert names == {engine.entry_name(), "lock", f"yaml-{engine.YAML_VERSION}"}


def test_where_nothing_works_it_says_why_and_what_to_install(machine: Machine) -> None:
    for reason in ("Go on PATH: none", "failed (exit 7)"):
        output, shown = machine.set_up(code=1)
        assert (output, *machine.cache.iterdir()) == ("", machine.cache / "lock")
        assert [words in shown for words in (reason, "install the Pulumi CLI, 3.274 or newer")] == [True] * 2
        machine.install_go(code=7)


@pytest.mark.usefixtures("signals_heard")
def test_a_signal_ends_all_that_was_started_and_leaves_nothing_half_made(machine: Machine) -> None:
    machine.install_go(seconds=600)
    session = machine.go / "session"
    output, _ = machine.set_up(code=128 + signal.SIGTERM, stop=lambda: session.exists() and session.read_text())
    assert (output, isolated.members(int(session.read_text()))) == ("", [])
    assert [*machine.cache.iterdir()] == [machine.cache / "lock"]


@pytest.mark.parametrize(
    "before, after, is_of_words",
    [
        ('return f"{n} are open"', 'return f"{n} ARE OPEN"', True),
        ('raise ValueError("why", n)', 'raise ValueError("why", None)', True),
        ("show(line(n))", "show(line(None))", True),
        ('return "PUT"', 'return "XXPUTXX"', False),
        ('return "not this one"', "return None", False),
    ],
)
def test_only_a_change_of_a_message_is_of_words(before: str, after: str, is_of_words: bool) -> None:
    functions = [f"    def xǁAǁf__mutmut_{n}(n):\n        {line}\n" for n, line in (("orig", before), ("12", after))]
    assert bool(of_words("class A:\n" + "".join(functions), ["module.xǁAǁf__mutmut_12"])) is is_of_words
