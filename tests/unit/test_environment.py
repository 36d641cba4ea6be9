"""Making a development environment, interrupted half-way, leaves no process behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "tools" / "environment.py"


def mentioning(text: str) -> list[str]:
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, check=True, text=True).stdout
    return [line for line in listed.splitlines() if text in line]


def test_a_signal_ends_what_was_started_too(tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    with subprocess.Popen([sys.executable, SCRIPT, folder], stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while len(mentioning(str(folder))) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    deadline = time.monotonic() + 20
    while mentioning(str(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert mentioning(str(folder)) == []
    assert not (folder / "installed").exists()
