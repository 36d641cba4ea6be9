"""The command line: usage, settings, `list`, `catalogue` and `sandbox`, and its manners as a process."""

from __future__ import annotations

import csv
import json
import os
import shlex
import signal
import socket
import sys
from pathlib import Path

import pytest

import plusofon_pulumi
from plusofon_pulumi.cli import common
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.cli_runner import Cli, started, writes
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.usefixtures("signals_heard")

# Usage and settings


def test_the_bare_command_prints_the_help_and_the_version_is_known(cli: Cli) -> None:
    assert cli.done() == cli.done("--help")
    assert cli.done("--version") == f"plusofon-pulumi {plusofon_pulumi.__version__}\n"


def test_a_wrong_command_line_calls_nothing_and_a_token_on_it_is_not_repeated(cli: Cli) -> None:
    wrong = dict.fromkeys(("lst", "list a b", "list --jso", "adopt", "list --csv --json"), "error: ")
    tokens = [f"{command} --token{mark}s3cret" for command in ("list", "catalogue", "doctor", "adopt") for mark in " ="]
    for line, words in {**wrong, **dict.fromkeys(tokens, "set PLUSOFON_TOKEN, or use --token-file FILE")}.items():
        code, out, err = cli.run(*line.split())
        assert (code, out, words in err, "s3cret" in err, cli.sandbox.requests) == (2, "", True, False, []), line


def test_options_come_before_the_environment(cli: Cli) -> None:
    with Sandbox(open=["44"], client_id="77") as other:
        Path("token").write_text(f"  {other.token}\n", encoding="utf-8-sig")
        assert "Guernsey" in cli.done("list", "--token-file", "token", "--base-url", other.url, "--client-id", "77")
    assert cli.sandbox.requests == []


MISTAKES = {
    "list --token-file nowhere": "No such file",
    "list --token-file blank": "token",
    "list --token-file bytes": "can't decode",
    "list --base-url http://example.com": "use https",
    "adopt --out acme --name my/acme": "'my/acme' cannot be a project's name",
    "sandbox --port 65536": "65536",
    "sandbox --open 7,Hungary": "'Hungary'",
    "sandbox --reading R4=500": "200 | 404 | 400",
}


def test_what_cannot_work_is_one_line_and_no_call(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("blank").write_bytes(b" \n")
    Path("bytes").write_bytes(b"\xff\xfe\x00")
    for line, words in MISTAKES.items():
        assert words in cli.failed(*line.split())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert cli.failed("sandbox", "--port", port) == f"cannot listen on port {port}: Address already in use"
    monkeypatch.setenv("PLUSOFON_TOKEN", " ")
    assert "set the environment variable PLUSOFON_TOKEN, or" in cli.failed("list")
    assert cli.sandbox.requests == []


@pytest.mark.parametrize("fault", ["status:503", "expired", "reset", "success-false"])
@pytest.mark.parametrize("path", ["/api/v1/direction", "/api/v1/directions"])
def test_an_api_in_trouble_is_one_line_and_no_file(cli: Cli, tmp_path: Path, fault: str, path: str) -> None:
    cli.sandbox.fail_next(99, fault, path=path)
    assert [f"{path}: " in cli.failed(*line.split()) for line in ("list", "adopt --out acme")] == [True] * 2
    assert list(tmp_path.iterdir()) == []


# What is shown

SHOWN = """\
code  name               english name        marks
7     Казахстан, Россия  Kazakhstan, Russia  shared
36    Венгрия            Hungary
424   Направление 424    Direction 424       not in the catalogue
870   Инмарсат           Inmarsat            non-geographic

shared: several countries have this code: it is open for all of them or for none
non-geographic: satellite, premium-rate and similar services; calls cost far more, and toll fraud seeks them
not in the catalogue: once closed, it cannot be opened again; a program cannot declare it
"""


def test_the_list_names_all_countries_of_a_code_and_marks_what_deserves_a_look(cli: Cli) -> None:
    cli.sandbox.set_open(["870", "36", "7", "424"])
    assert cli.done("list") == SHOWN
    seven = {"code": "7", "name": "Казахстан, Россия", "english_name": "Kazakhstan, Russia"}
    assert json.loads(cli.done("list", "--json", "россия")) == [{**seven, "marks": ["shared"]}]
    assert list(csv.DictReader(cli.done("list", "--csv", "+7").splitlines())) == [{**seven, "marks": "shared"}]
    cli.sandbox.set_open([])
    assert cli.done("list") == "Nothing is open in this account.\n"
    assert cli.done("list", "--csv") == "code,name,english_name,marks\n"


def test_both_lists_are_searched_and_the_catalogue_has_a_line_for_each_country_and_shows_what_is_open(cli: Cli) -> None:
    for command in ("list", "catalogue"):
        for text in ("+36", "ВЕНГР", "hung"):
            assert cli.done(command, text).splitlines()[1:] == ["36    Венгрия  Hungary"]
        assert "«Атлант?» in its code or names.\n" in cli.done(command, "Атлант\x1b")
        assert json.loads(cli.done(command, "Атлантида", "--json")) == []
    shown = json.loads(cli.done("catalogue", "--open", "--json"))
    assert (len(shown), [row["code"] for row in shown if row["open"] == "yes"]) == (255, ["36"])


def test_a_terminal_gets_names_that_fit_and_hears_of_a_slow_api(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.sandbox.set_open(["1"])
    cli.sandbox.latency = 0.2
    monkeypatch.setattr(common, "SLOW", 0)
    monkeypatch.setenv("COLUMNS", "80")
    assert "…" not in cli.done("list")
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    _, out, err = cli.run("list")
    assert (max(map(len, out.splitlines()[:2])) <= 80, err) == (True, f"waiting for {cli.sandbox.url} …\n")


@pytest.mark.parametrize("line", ["catalogue --csv", "--help", "adopt --out acme", "doctor --write 672"])
def test_an_output_that_nobody_reads_is_silent_and_leaves_no_code_open(cli: Cli, line: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with started(*line.split(), stdout=writing) as process:
        os.close(writing)
        assert process.communicate(timeout=PATIENCE)[1] == ""
    assert (process.returncode, cli.sandbox.open_codes) == (0, frozenset(["36"]))
    assert writes(cli.sandbox) == (["PUT", "DELETE"] if "--write" in line else [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_is_one_line_and_leaves_no_file(cli: Cli, tmp_path: Path, number: int) -> None:
    cli.sandbox.fail_next(9, "hang")
    with started("adopt", "--out", "acme") as process:
        until(lambda: cli.sandbox.requests)
        process.send_signal(number)
        assert process.communicate(timeout=PATIENCE) == ("", "error: interrupted\n")
    assert (process.returncode, list(tmp_path.iterdir())) == (130, [])


def test_the_sandbox_is_ready_when_announced_and_ends_silently(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["--port", "0", "--open", "+7, 36", "--token", "its-$token", "--reading", "R8=no", "R3=array"]
    with started("sandbox", *arguments) as process:
        assert process.stdout is not None
        first, *exports = (process.stdout.readline() for _ in range(3))
        assert first.startswith("sandbox ready at http://127.0.0.1:")
        for name, _, value in (shlex.split(line)[1].partition("=") for line in exports):
            monkeypatch.setenv(name, value)
        assert (os.environ["PLUSOFON_TOKEN"], os.environ["PLUSOFON_BASE_URL"]) == ("its-$token", first.split()[-1])
        assert [each["code"] for each in json.loads(cli.done("list", "--json"))] == ["7", "36"]
        assert [words in cli.done("doctor") for words in ("R3: the list is an array", "without success")] == [True] * 2
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE) == ("", "")
    assert process.returncode == 0
