"""The command line: usage, settings, `list` and `catalogue`, and its manners as a process."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import plusofon_pulumi
from plusofon_pulumi.cli import common
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.cli_runner import Cli, environment, started
from tests.waiting import PATIENCE, until

READING = ("list", "catalogue", "doctor", "adopt")

# Usage and settings


def test_the_bare_command_prints_the_help(cli: Cli) -> None:
    assert cli.done() == cli.done("--help")
    assert cli.done("--version") == f"plusofon-pulumi {plusofon_pulumi.__version__}\n"


@pytest.mark.parametrize("command", [*READING, "sandbox"])
def test_every_command_has_a_help_with_an_example(cli: Cli, command: str) -> None:
    assert f"  plusofon {command}" in cli.done(command, "--help").partition("examples:\n")[2]


@pytest.mark.parametrize("arguments", ["lst", "list a b", "list --jso", "adopt", "list --csv --json"])
def test_a_wrong_command_line_calls_nothing(cli: Cli, arguments: str) -> None:
    assert "error: " in cli.refused(*arguments.split())
    assert cli.sandbox.requests == []


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("arguments", [["--token", "s3cret"], ["--token=s3cret"]])
def test_a_token_on_the_command_line_is_refused_and_not_repeated(cli: Cli, command: str, arguments: list[str]) -> None:
    said = cli.refused(command, *arguments)
    assert "set PLUSOFON_TOKEN, or use --token-file FILE" in said
    assert "s3cret" not in said


def test_options_come_before_the_environment(cli: Cli, tmp_path: Path) -> None:
    with Sandbox(open=["44"], client_id="77") as other:
        (tmp_path / "token").write_text(f"  {other.token}\n", encoding="utf-8-sig")
        assert "Guernsey" in cli.done("list", "--token-file", "token", "--base-url", other.url, "--client-id", "77")
    assert cli.sandbox.requests == []


@pytest.mark.parametrize(
    "token_file, options, words",
    [
        (None, "--token-file token", "No such file"),
        (b" \n", "--token-file token", "token"),
        (b"\xff\xfe\x00", "--token-file token", "can't decode"),
        (b"two words", "--token-file token", "token"),
        (b"", "--base-url http://example.com", "use https"),
        (b"", "--client-id abc", "client id"),
    ],
)
def test_settings_that_cannot_work_are_one_line_and_no_call(
    cli: Cli, tmp_path: Path, token_file: bytes | None, options: str, words: str
) -> None:
    if token_file is not None:
        (tmp_path / "token").write_bytes(token_file)
    assert words in cli.failed("list", *options.split())
    assert cli.sandbox.requests == []


def test_without_a_token_it_says_where_one_is_given(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUSOFON_TOKEN", " ")
    assert "set the environment variable PLUSOFON_TOKEN, or name a file that holds it with --token-file" in cli.failed(
        "list"
    )


@pytest.mark.parametrize("fault", ["status:503", "expired", "html:502", "reset", "truncate", "success-false"])
@pytest.mark.parametrize("path", ["/api/v1/direction", "/api/v1/directions"])
def test_an_api_in_trouble_is_one_line_and_no_file(cli: Cli, tmp_path: Path, fault: str, path: str) -> None:
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


def test_the_list_names_all_countries_of_a_code_and_marks_what_deserves_a_look(cli: Cli) -> None:
    cli.sandbox.set_open(["870", "36", "7", "424"])
    assert (
        cli.done("list")
        == """\
code  name               english name        marks
7     Казахстан, Россия  Kazakhstan, Russia  shared
36    Венгрия            Hungary
424   Направление 424    Direction 424       not in the catalogue
870   Инмарсат           Inmarsat            non-geographic

shared: several countries have this code: it is open for all of them or for none
non-geographic: satellite, premium-rate and similar services; calls cost far more, and toll fraud seeks them
not in the catalogue: once closed, it cannot be opened again; a program cannot declare it
"""
    )


def test_machines_get_json_or_csv(cli: Cli) -> None:
    cli.sandbox.set_open(["7", "36"])
    seven = {"code": "7", "name": "Казахстан, Россия", "english_name": "Kazakhstan, Russia"}
    assert json.loads(cli.done("list", "--json", "россия")) == [{**seven, "marks": ["shared"]}]
    assert list(csv.DictReader(cli.done("list", "--csv", "+7").splitlines())) == [{**seven, "marks": "shared"}]


@pytest.mark.parametrize("reading", ["{}", "[]", "null"])
def test_a_list_with_nothing_open_says_so(cli: Cli, reading: str) -> None:
    cli.sandbox.set_readings({"R1": reading})
    cli.sandbox.set_open([])
    assert cli.done("list") == "Nothing is open in this account.\n"
    assert json.loads(cli.done("list", "--json")) == []
    assert cli.done("list", "--csv") == "code,name,english_name,marks\n"


@pytest.mark.parametrize("text", ["36", "+36", "венг", "ВЕНГРИЯ", "hung", "Hungary"])
def test_both_are_searched_by_code_and_name_in_any_case(cli: Cli, text: str) -> None:
    cli.sandbox.set_open(["36", "53"])
    for command in ("list", "catalogue"):
        assert cli.done(command, text).splitlines()[1:] == ["36    Венгрия  Hungary"]


@pytest.mark.parametrize("command", ["list", "catalogue"])
def test_a_search_without_a_find_says_so(cli: Cli, command: str) -> None:
    assert "«Атлант?» in its code or names.\n" in cli.done(command, "Атлант\x1b")
    assert json.loads(cli.done(command, "Атлантида", "--json")) == []


def test_the_catalogue_has_a_line_for_each_country_and_shows_what_is_open(cli: Cli) -> None:
    assert len(json.loads(cli.done("catalogue", "--json"))) == 255
    shown = json.loads(cli.done("catalogue", "--open", "3", "--json"))
    assert {row["open"] for row in shown if row["code"] != "36"} == {"no"}
    assert [row["open"] for row in shown if row["code"] == "36"] == ["yes"]


def test_a_terminal_gets_names_that_fit(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.sandbox.set_open(["1"])
    monkeypatch.setenv("COLUMNS", "80")
    assert "…" not in cli.done("list")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert max(map(len, cli.done("list").splitlines()[:2])) <= 80


# As a process


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(open=["36", "7"]) as running:
        yield running


@pytest.mark.usefixtures("signals_heard")
@pytest.mark.parametrize("arguments", [["list"], ["catalogue", "--csv"], ["--help"], ["adopt", "--out", "acme"]])
def test_an_output_that_nobody_reads_is_silent(sandbox: Sandbox, tmp_path: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with started(sandbox, *arguments, cwd=tmp_path, stdout=writing) as process:
        os.close(writing)
        assert process.communicate(timeout=PATIENCE)[1] == ""
    assert process.returncode == 0


def test_head_gets_its_line(sandbox: Sandbox) -> None:
    command = f"set -o pipefail; {sys.executable} -m plusofon_pulumi catalogue | head -1"
    ran = subprocess.run(["bash", "-c", command], env=environment(sandbox), capture_output=True, check=True, text=True)
    assert ran.stdout.startswith("code  name")
    assert ran.stderr == ""


@pytest.mark.usefixtures("signals_heard")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_one_line_and_leaves_no_file(sandbox: Sandbox, tmp_path: Path, number: int) -> None:
    sandbox.fail_next(9, "hang")
    with started(sandbox, "adopt", "--out", "acme", cwd=tmp_path) as process:
        until(lambda: sandbox.requests)
        process.send_signal(number)
        assert process.communicate(timeout=PATIENCE) == ("", "error: interrupted\n")
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("signals_heard")
def test_the_sandbox_takes_codes_as_people_write_them_and_ends_well(
    cli: Cli, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with started(sandbox, "sandbox", "--open", "+7, 36", "--token", "its-token") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        monkeypatch.setenv("PLUSOFON_TOKEN", "its-token")
        assert [each["code"] for each in json.loads(cli.done("list", "--base-url", url, "--json"))] == ["7", "36"]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


@pytest.mark.parametrize("arguments, is_calling", [("--help", False), ("doctor --help", False), ("list", True)])
def test_it_loads_no_pulumi_and_an_http_client_only_to_call(cli: Cli, arguments: str, is_calling: bool) -> None:
    program = f"""
import sys
from plusofon_pulumi.cli import main
try:
    main({arguments.split()!r})
finally:
    print(*sys.modules, file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert {"requests", "pulumi", "grpc"} & set(ran.stderr.split()) == ({"requests"} if is_calling else set())
