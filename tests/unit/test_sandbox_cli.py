"""``plusofon sandbox``, as a process of its own and in this one."""

from __future__ import annotations

import select
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from plusofon_pulumi.cli import main
from plusofon_pulumi.sandbox import ALLOWED_PATH, READINGS
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "plusofon_pulumi", "sandbox", *arguments]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


@contextmanager
def process_on_a_port(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start the command on a port that was free; on another, where somebody else was given that one meanwhile."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with process("--port", str(port), *arguments) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            readable, _, _ = select.select([running.stdout, running.stderr], [], [])
            if running.stderr not in readable:
                yield running, port
                return
            assert "Address already in use" in running.communicate()[1]


def announced(running: subprocess.Popen[str]) -> tuple[str, dict[str, str]]:
    """Read what a user would read, and the environment that a shell would take from it."""
    assert running.stdout is not None
    first, *exports = (running.stdout.readline() for _ in range(3))
    assert first.startswith("sandbox ready at http://127.0.0.1:")
    pairs = [shlex.split(line)[1].partition("=") for line in exports]
    return first.split()[-1], {name: value for name, _, value in pairs}


def get_allowed(url: str, token: str) -> requests.Response:
    headers = {
        "Authorization": f"Bearer {token}",
        "Client": "10553",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    return requests.get(url + ALLOWED_PATH, headers=headers, timeout=PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_ready_when_announced_and_ends_silently_when_interrupted(number: signal.Signals) -> None:
    with process("--open", "7, 36", "--reading", "R8=no", "R3=array") as running:
        url, environment = announced(running)
        assert environment["PLUSOFON_BASE_URL"] == url
        body = get_allowed(url, environment["PLUSOFON_TOKEN"]).json()
        running.send_signal(number)
        assert running.communicate(timeout=PATIENCE) == ("", "")
    assert running.returncode == 0
    assert [row["code"] for row in body["directions"]] == ["7", "36"]
    assert "success" not in body


def test_port_and_token_can_be_chosen() -> None:
    with process_on_a_port("--token", "a 'quoted' token") as (running, port):
        url, environment = announced(running)
        assert url == f"http://127.0.0.1:{port}"
        assert environment["PLUSOFON_TOKEN"] == "a 'quoted' token"
        assert get_allowed(url, environment["PLUSOFON_TOKEN"]).ok


def test_a_port_in_use_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["sandbox", "--port", str(port)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: cannot listen on port {port}: Address already in use\n"


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--port", "65536"], "65536"),
        (["--open", "7,Hungary"], "'Hungary'"),
        (["--reading", "R4=500"], "200 | 404 | 400"),
        (["--reading", "R99=1"], "R1, R2, R3"),
    ],
)
def test_what_it_cannot_play_is_one_line_and_exit_code_1(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["sandbox", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert words in captured.err


def test_help_lists_every_reading_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sandbox", "--help"])
    text = capsys.readouterr().out
    assert "plusofon sandbox --open +7,36" in text
    for reading in READINGS.values():
        assert f"  {reading.name} " in text
        assert all(value in text for value in reading.values)
