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
from plusofon_pulumi.sandbox import READINGS, Sandbox
from tests.unit.cli_runner import Cli, started, writes
from tests.waiting import PATIENCE, until

READING = ("list", "catalogue", "doctor", "adopt")

pytestmark = pytest.mark.usefixtures("signals_heard")

# Usage and settings


def test_the_bare_command_prints_the_help_and_every_command_has_one_with_an_example(cli: Cli) -> None:
    assert cli.done() == cli.done("--help")
    assert cli.done("--version") == f"plusofon-pulumi {plusofon_pulumi.__version__}\n"
    for command in (*READING, "sandbox"):
        assert f"  plusofon {command}" in (text := cli.done(command, "--help")).partition("examples:\n")[2]
    shown = [words for name, each in READINGS.items() for words in (f"  {name} ", *each.values)]
    assert [each for each in shown if each not in text] == [], "the sandbox's help lists all readings"


def test_a_wrong_command_line_calls_nothing_and_a_token_on_it_is_not_repeated(cli: Cli) -> None:
    wrong = dict.fromkeys(("lst", "list a b", "list --jso", "adopt", "list --csv --json"), "error: ")
    tokens = [f"{command} --token{mark}s3cret" for command in READING for mark in " ="]
    for line, words in {**wrong, **dict.fromkeys(tokens, "set PLUSOFON_TOKEN, or use --token-file FILE")}.items():
        code, out, err = cli.run(*line.split())
        assert (code, out, words in err, "s3cret" in err, cli.sandbox.requests) == (2, "", True, False, []), line


def test_options_come_before_the_environment(cli: Cli) -> None:
    with Sandbox(open=["44"], client_id="77") as other:
        Path("token").write_text(f"  {other.token}\n", encoding="utf-8-sig")
        assert "Guernsey" in cli.done("list", "--token-file", "token", "--base-url", other.url, "--client-id", "77")
    assert cli.sandbox.requests == []


NO_TOKEN = "set the environment variable PLUSOFON_TOKEN, or name a file that holds it with --token-file"
MISTAKES = {
    "list --token-file nowhere": "No such file",
    "list --token-file blank": "token",
    "list --token-file bytes": "can't decode",
    "list --base-url http://example.com": "use https",
    "list --client-id abc": "client id",
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
    assert NO_TOKEN in cli.failed("list")
    assert cli.sandbox.requests == []


@pytest.mark.parametrize("fault", ["status:503", "expired", "reset", "success-false"])
def test_an_api_in_trouble_is_one_line_and_no_file(cli: Cli, tmp_path: Path, fault: str) -> None:
    for path in ("/api/v1/direction", "/api/v1/directions"):
        cli.sandbox.clear_faults()
        cli.sandbox.fail_next(99, fault, path=path)
        for arguments in (["list"], ["adopt", "--out", "acme"]):
            assert f"{path}: " in cli.failed(*arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_slow_api_is_noticed_on_a_terminal_only(cli: Cli, monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    monkeypatch.setattr(common, "SLOW", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    cli.sandbox.latency = 0.2
    assert cli.run("list")[2] == (f"waiting for {cli.sandbox.url} …\n" if is_terminal else "")


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


@pytest.mark.parametrize("command", ["list", "catalogue"])
def test_both_are_searched_by_code_and_name_in_any_case(cli: Cli, command: str) -> None:
    cli.sandbox.set_open(["36", "53"])
    for text in ("+36", "ВЕНГР", "hung"):
        assert cli.done(command, text).splitlines()[1:] == ["36    Венгрия  Hungary"]
    assert "«Атлант?» in its code or names.\n" in cli.done(command, "Атлант\x1b")
    assert json.loads(cli.done(command, "Атлантида", "--json")) == []


def test_the_catalogue_has_a_line_for_each_country_and_shows_what_is_open(cli: Cli) -> None:
    assert len(json.loads(cli.done("catalogue", "--json"))) == 255
    shown = json.loads(cli.done("catalogue", "--open", "3", "--json"))
    assert {(row["code"] == "36", row["open"]) for row in shown} == {(True, "yes"), (False, "no")}


def test_a_terminal_gets_names_that_fit(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.sandbox.set_open(["1"])
    monkeypatch.setenv("COLUMNS", "80")
    assert "…" not in cli.done("list")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert max(map(len, cli.done("list").splitlines()[:2])) <= 80


# As a process

ADOPT, WRITE = "adopt --out acme", "doctor --write 672"


@pytest.mark.parametrize("line", ["catalogue --csv", "--help", ADOPT, WRITE])
def test_an_output_that_nobody_reads_is_silent_and_leaves_no_code_open(
    sandbox: Sandbox, tmp_path: Path, line: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with started(sandbox, *line.split(), cwd=tmp_path, stdout=writing) as process:
        os.close(writing)
        assert process.communicate(timeout=PATIENCE)[1] == ""
    assert (process.returncode, sandbox.open_codes) == (0, frozenset())
    assert writes(sandbox) == (["PUT", "DELETE"] if "--write" in line else [])


# A doctor that waits not so long for a write to show.
QUICK = "from plusofon_pulumi import __main__, cli\nfrom plusofon_pulumi.cli import doctor\nimport sys\n"
QUICK += "doctor.PATIENCE = 1.5\nsys.exit(__main__.main())"


@pytest.mark.parametrize("line, number", [(ADOPT, signal.SIGINT), (ADOPT, signal.SIGTERM), (WRITE, signal.SIGHUP)])
def test_an_interrupt_is_one_line_and_leaves_neither_a_file_nor_an_open_code(
    sandbox: Sandbox, tmp_path: Path, line: str, number: int
) -> None:
    sandbox.set_readings({"R7": "0.5"})
    if line == ADOPT:
        sandbox.fail_next(9, "hang")
    with started(sandbox, *line.split(), cwd=tmp_path, program=QUICK if line == WRITE else "") as process:
        until(lambda: writes(sandbox) if line == WRITE else sandbox.requests)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err, "closing 672 (" in out) == (130, "error: interrupted\n", line == WRITE)
    assert (sandbox.open_codes, list(tmp_path.iterdir()), bool(out)) == (frozenset(), [], line == WRITE)


# The sandbox


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_is_ready_when_announced_and_ends_silently(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    arguments = ["--port", "0", "--open", "+7, 36", "--token", "its-$token", "--reading", "R8=no", "R3=array"]
    with started(cli.sandbox, "sandbox", *arguments) as process:
        assert process.stdout is not None
        first, *exports = (process.stdout.readline() for _ in range(3))
        assert first.startswith("sandbox ready at http://127.0.0.1:")
        for name, _, value in (shlex.split(line)[1].partition("=") for line in exports):
            monkeypatch.setenv(name, value)
        assert (os.environ["PLUSOFON_TOKEN"], os.environ["PLUSOFON_BASE_URL"]) == ("its-$token", first.split()[-1])
        assert [each["code"] for each in json.loads(cli.done("list", "--json"))] == ["7", "36"]
        assert [words in cli.done("doctor") for words in ("R3: the list is an array", "without success")] == [True] * 2
        process.send_signal(number)
        assert process.communicate(timeout=PATIENCE) == ("", "")
    assert process.returncode == 0
