"""Making a development environment: of which Python, and what is left of it when it is interrupted half-way."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE, until
from tools import environment

SCRIPT = Path(__file__).parents[2] / "tools" / "environment.py"


def mentioning(text: str) -> list[str]:
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, check=True, text=True).stdout
    return [line for line in listed.splitlines() if text in line]


def test_a_signal_ends_what_was_started_too(tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    with subprocess.Popen([sys.executable, SCRIPT, folder], stderr=subprocess.DEVNULL) as process:
        # Not merely two processes: before a new one runs its own program, it shows its parent's name.
        until(lambda: mentioning(f"-m venv --clear {folder}"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    until(lambda: mentioning(str(folder)) == [])
    assert not (folder / "installed").exists()


@pytest.fixture
def pythons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is all of PATH, and where nothing is yet."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return tmp_path


def add(path: Path, exit_code: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n", encoding="utf-8")
    path.chmod(0o755)


def test_the_newest_and_the_oldest_python_are_those_that_really_run(pythons: Path) -> None:
    for version, exit_code in {"3.9": 0, "3.11": 0, "3.12": 0, "3.14": 1, "3.15": 0}.items():
        add(pythons / f"python{version}", exit_code)
    assert environment.find_python(environment.PYTHONS[::-1]) == str(pythons / "python3.12")
    assert environment.find_python(environment.PYTHONS) == str(pythons / "python3.11")
    add(pythons / "home" / ".pyenv" / "versions" / "3.13.0" / "bin" / "python", 0)
    assert environment.find_python(environment.PYTHONS[::-1]) == str(
        pythons / "home" / ".pyenv" / "versions" / "3.13.0" / "bin" / "python"
    )


def test_a_machine_without_a_supported_python_is_told_what_to_do(
    pythons: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["environment.py", str(pythons / "environment")])
    assert environment.main() == 1
    assert "no Python of 3.10 to 3.14 was found" in capsys.readouterr().err
