"""Commands as processes of their own: closed pipes, Ctrl-C, and nothing said when the interpreter ends."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.unit.cli_runner import environment, started
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.usefixtures("signals_heard")

CLOSED = "error: cannot write the output: it was closed before all was written\n"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(open=["36", "7"]) as running:
        yield running


@pytest.mark.parametrize(
    "arguments", [["list"], ["list", "--json"], ["catalogue"], ["adopt"], ["--help"], ["list", "--help"], ["sandbox"]]
)
def test_an_output_that_nobody_reads_is_one_line(sandbox: Sandbox, tmp_path: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with started(sandbox, *arguments, cwd=tmp_path, stdout=writing) as process:
        os.close(writing)
        assert process.communicate(timeout=PATIENCE)[1] == CLOSED
    assert process.returncode == 1


def test_head_gets_its_line_and_nothing_complains(sandbox: Sandbox) -> None:
    command = f"{sys.executable} -m plusofon_pulumi catalogue | head -1"
    ran = subprocess.run(["bash", "-c", command], env=environment(sandbox), capture_output=True, check=True, text=True)
    assert ran.stdout.startswith("code  name")
    # Whether `head` is gone before all is written is a matter of luck.
    assert ran.stderr in ("", CLOSED)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line(sandbox: Sandbox) -> None:
    with open("/dev/full", "w") as full, started(sandbox, "list", stdout=full.fileno()) as process:  # noqa: PTH123
        told = process.communicate(timeout=PATIENCE)[1]
    assert told == "error: cannot write the output: No space left on device\n"
    assert process.returncode == 1


@pytest.mark.parametrize("arguments", [["list"], ["catalogue"], ["adopt", "--out", "account"]], ids=lambda a: a[0])
def test_ctrl_c_during_a_call_that_hangs_is_one_line_and_leaves_no_file(
    sandbox: Sandbox, tmp_path: Path, arguments: list[str]
) -> None:
    sandbox.fail_next(9, "hang")
    with started(sandbox, *arguments, cwd=tmp_path) as process:
        until(lambda: sandbox.requests)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE) == ("", "error: interrupted\n")
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_an_answer_is_only_half_made_is_one_line(sandbox: Sandbox) -> None:
    program = """
import http.client, sys
from plusofon_pulumi.__main__ import main

def interrupted(*_, **__):
    raise KeyboardInterrupt

http.client.HTTPResponse.__init__ = interrupted
sys.argv = ["plusofon", "list"]
sys.exit(main())
"""
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, env=environment(sandbox), capture_output=True, check=False, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "error: interrupted\n")


def test_ctrl_c_while_pulumi_is_asked_is_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "pulumi"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\nexec sleep 600\n")
    script.chmod(0o755)
    env = {**environment(sandbox), "PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "plusofon_pulumi", "adopt", "--provider", "second", "--out", "account"]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True) as process:
        until((tmp_path / "asked").exists)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE)[1] == "error: interrupted\n"
    assert process.returncode == 130
    assert not (tmp_path / "account").exists()


@pytest.mark.parametrize("command", ["list", "list --json", "catalogue", "adopt", "--help"])
def test_a_closed_standard_output_is_one_line_and_a_failure(command: str) -> None:
    with Sandbox(open=["36"]) as sandbox:
        ran = subprocess.run(
            ["sh", "-c", f"{shlex.quote(sys.executable)} -m plusofon_pulumi {command} >&-"],
            env={**os.environ, "PLUSOFON_TOKEN": sandbox.token, "PLUSOFON_BASE_URL": sandbox.url},
            capture_output=True,
            check=False,
            text=True,
        )
    assert ran.returncode == 1
    assert ran.stderr == "error: cannot write the output: there is no standard output\n"


@pytest.mark.parametrize("arguments", ["--token S3CRET list", "list --tok S3CRET", "list --tokn=S3CRET"])
def test_a_token_on_the_command_line_is_refused_and_never_repeated(arguments: str) -> None:
    command = [sys.executable, "-m", "plusofon_pulumi", *arguments.split()]
    ran = subprocess.run(command, capture_output=True, check=False, text=True)
    assert ran.returncode == 2
    assert "S3CRET" not in ran.stdout + ran.stderr
