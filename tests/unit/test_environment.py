"""Making a development environment: its Python, an interruption, and when it is made again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE, until
from tools import environment, isolated

SCRIPT = Path(environment.__file__)
# A Python that never finishes making an environment.
HANGING = (
    f"#!{sys.executable}\nimport os, pathlib, time\npathlib.Path(__file__ + '.sid').write_text(str(os.getsid(0)))\n"
)


@pytest.mark.usefixtures("signals_heard")
def test_a_signal_ends_everything_that_was_started(tmp_path: Path) -> None:
    python, session = tmp_path / "python", tmp_path / "python.sid"
    python.write_text(f"{HANGING}time.sleep(600)\n")
    python.chmod(0o755)
    run = [sys.executable, str(SCRIPT), str(tmp_path / "made"), "--python", str(python)]
    with subprocess.Popen(run, stderr=subprocess.DEVNULL) as process:
        until(lambda: session.exists() and session.read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert isolated.members(int(session.read_text())) == []
    assert not (tmp_path / "made" / "installed").exists()


def test_the_newest_and_the_oldest_python_that_run_here_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert environment.find_python(environment.PYTHONS) is None
    pyenv = tmp_path / "home" / ".pyenv" / "versions" / "3.13.0" / "bin" / "python"
    pyenv.parent.mkdir(parents=True)
    programs = {tmp_path / f"python{v}": code for v, code in (("3.9", 0), ("3.11", 0), ("3.12", 0), ("3.14", 1))}
    for program, code in {**programs, pyenv: 0}.items():
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
    assert environment.find_python(environment.PYTHONS[::-1]) == str(pyenv)
    assert environment.find_python(environment.PYTHONS) == str(tmp_path / "python3.11")


@pytest.mark.parametrize("changed, is_made", [(None, False), ("pyproject.toml", True), ("tools/environment.py", True)])
def test_make_makes_it_again_when_what_it_is_made_of_changes(
    tmp_path: Path, changed: str | None, is_made: bool
) -> None:
    (tmp_path / "Makefile").write_bytes((environment.CHECKOUT / "Makefile").read_bytes())
    for name in ("pyproject.toml", "tools/environment.py", ".venv/installed"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1000, 2000 if name in {changed, ".venv/installed"} else 1000))
    if changed:
        os.utime(tmp_path / changed, (1000, 3000))
    command = ["make", "--dry-run", ".venv/installed"]
    planned = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert ("tools/environment.py .venv" in planned) is is_made
