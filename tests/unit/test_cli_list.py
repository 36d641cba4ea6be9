"""``plusofon list`` and ``plusofon catalogue``: what they show, how it lines up, and what machines get."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from plusofon_pulumi.cli.table import columns, table
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.cli_runner import Cli, environment

# What is shown


def test_the_list_names_every_country_of_a_code_and_marks_what_deserves_a_look(cli: Cli) -> None:
    cli.sandbox.set_open(["870", "36", "7", "424"])
    assert (
        cli.done("list")
        == """\
code  name               English name        look
7     Казахстан, Россия  Kazakhstan, Russia  shared
36    Венгрия            Hungary
424   Направление 424    Direction 424       not in the catalogue
870   Инмарсат           Inmarsat            non-geographic

shared: several countries have this code, and it is open for all of them or for none.
non-geographic: the code of no country, but of satellite networks, premium-rate, shared-cost and similar services. \
Calls there cost far more than others, and toll fraud seeks them.
not in the catalogue: Plusofon's catalogue of directions has no such code: once closed, it cannot be opened again.
"""
    )
    assert [(each.method, each.path) for each in cli.sandbox.requests] == [
        ("GET", "/api/v1/direction"),
        ("GET", "/api/v1/directions"),
    ]


def test_a_list_with_nothing_marked_has_no_column_for_it_and_no_sentence(cli: Cli) -> None:
    cli.sandbox.set_open(["36"])
    assert cli.done("list") == "code  name     English name\n36    Венгрия  Hungary\n"


def test_every_non_geographic_code_is_marked(cli: Cli) -> None:
    codes = ["800", "808", "870", "871", "872", "873", "874", "878", "881", "882", "883", "888", "979", "991", "8816"]
    cli.sandbox.set_open(codes)
    marked = [each["code"] for each in json.loads(cli.done("list", "--json")) if "non-geographic" in each["marks"]]
    assert marked == codes


def test_no_country_s_code_is_marked_as_one_of_no_country(cli: Cli) -> None:
    listed = json.loads(cli.done("catalogue", "--json"))
    marked = {each["code"] for each in listed if "non-geographic" in each["marks"]}
    assert marked == {"800", "808", "870", "878", "881", "882", "883", "888", "979"}


@pytest.mark.parametrize("reading", ["{}", "[]", "null"])
def test_a_list_with_nothing_open_says_so(cli: Cli, reading: str) -> None:
    cli.sandbox.set_readings({"R1": reading})
    cli.sandbox.set_open([])
    assert cli.done("list") == "Nothing is open in this account.\n"
    assert json.loads(cli.done("list", "--json")) == []


@pytest.mark.parametrize("text", ["36", "+36", "венг", "ВЕНГРИЯ", "hung", "Hungary"])
def test_the_catalogue_is_searched_by_code_and_name_in_any_case(cli: Cli, text: str) -> None:
    assert cli.done("catalogue", text) == "code  name     English name\n36    Венгрия  Hungary\n"
    assert [each.path for each in cli.sandbox.requests] == ["/api/v1/directions"]


def test_the_catalogue_has_a_line_for_each_country(cli: Cli) -> None:
    assert "44    Гернси  Guernsey      shared\n" in cli.done("catalogue", "гернси")
    assert len(json.loads(cli.done("catalogue", "--json"))) == 255


def test_a_search_without_a_find_says_so(cli: Cli) -> None:
    assert cli.done("catalogue", "Атлант\x1b") == (
        "The catalogue has no direction with «Атлант?» in its code or names.\n"
    )
    assert json.loads(cli.done("catalogue", "Атлантида", "--json")) == []


def test_machines_get_an_array_of_objects(cli: Cli) -> None:
    cli.sandbox.set_open(["7"])
    printed = cli.done("list", "--json")
    assert "Россия" in printed
    countries = [
        {"name": "Казахстан", "english_name": "Kazakhstan"},
        {"name": "Россия", "english_name": "Russia"},
    ]
    names = {"name": "Казахстан, Россия", "english_name": "Kazakhstan, Russia"}
    assert json.loads(printed) == [{"code": "7", **names, "countries": countries, "marks": ["shared"]}]


# How it is laid out


def test_a_table_lines_up_whatever_letters_it_holds() -> None:
    rows = [("code", "name", "look"), ("7", "Россия", "a"), ("86", "中国", "b"), ("54", "é\u0301", "c")]
    lines = table(rows, None, elastic=(1,)).splitlines()
    assert {columns(line[:-1]) for line in lines[1:]} == {columns(lines[0]) - len("look")}


def test_a_table_that_is_too_wide_is_cut_where_it_is_widest() -> None:
    rows = [("code", "name", "English name"), ("36", "В" * 30, "Hungary"), ("7", "Россия", "R" * 20)]
    lines = table(rows, 40, elastic=(1, 2)).splitlines()
    assert lines == [
        "code  name              English name",
        f"36    {'В' * 15}…  Hungary",
        f"7     Россия            {'R' * 15}…",
    ]
    assert max(map(len, lines)) == 40


def test_a_table_loses_no_column_on_the_narrowest_terminal() -> None:
    assert table([("code", "name"), ("36", "Венгрия")], 1, elastic=(1,)) == "code  …\n36    …"


def test_what_would_steer_a_terminal_is_not_printed() -> None:
    assert table([("a\x1b[31m\u202e", "b")], None, elastic=()) == "a?[31m?  b"


def on_a_terminal(sandbox: Sandbox, width: int, *arguments: str) -> list[str]:
    """Return the lines that a command shows on a terminal of this width."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    env = {name: value for name, value in environment(sandbox).items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "plusofon_pulumi", *arguments]
    with subprocess.Popen(command, env=env, stdin=inner, stdout=inner, stderr=inner) as process:
        os.close(inner)
        shown = b""
        try:
            while chunk := os.read(outer, 4096):
                shown += chunk
        except OSError:  # Linux's way to say that nobody holds the other end any more
            pass
        os.close(outer)
    assert process.returncode == 0
    return shown.decode().splitlines()


def test_on_a_narrow_terminal_names_are_cut_and_sentences_wrapped(cli: Cli) -> None:
    cli.sandbox.set_open(["1", "36", "870"])
    lines = on_a_terminal(cli.sandbox, 60, "list")
    assert all(columns(line) <= 60 for line in lines)
    assert [line.split()[0] for line in lines[:4]] == ["code", "1", "36", "870"]
    assert lines[1].count("…") == 2
    assert "Венгрия" in lines[2]
    assert "Hungary" in lines[2]


def test_where_no_terminal_shows_it_nothing_is_cut(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    cli.sandbox.set_open(["1"])
    printed = cli.done("list")
    assert "Ямайка" in printed
    assert "…" not in printed


@pytest.mark.parametrize("encoding", ["ascii", "cp1251", "latin-1"])
def test_an_output_without_cyrillic_letters_gets_what_it_can_hold(cli: Cli, encoding: str) -> None:
    cli.sandbox.set_open(["36", "225"])
    env = {**environment(cli.sandbox), "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    def run(*options: str) -> bytes:
        command = [sys.executable, "-m", "plusofon_pulumi", "list", *options]
        return subprocess.run(command, env=env, capture_output=True, check=True).stdout

    assert "Hungary" in run().decode(encoding)
    assert json.loads(run("--json").decode(encoding))[0]["name"] == "Венгрия"
