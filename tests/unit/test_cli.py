"""The command line as a whole: what it refuses and how, which settings it takes, and what it imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import plusofon_pulumi
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.cli_runner import Cli
from tests.unit.support import refusing_url

# What is not understood


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "no command is given: `plusofon --help` lists them"),
        (["lst"], "'lst'"),
        (["list", "36"], "too many arguments"),
        (["list", "--wave"], "--wave"),
        (["list", "--jso"], "--jso"),
        (["catalogue", "a", "b"], "too many arguments"),
        (["adopt", "--out"], "--out"),
        (["adopt", "--provider"], "--provider"),
    ],
)
def test_what_is_not_understood_is_one_line_and_exit_code_2(cli: Cli, arguments: list[str], words: str) -> None:
    assert words in cli.failed(*arguments, code=2)
    assert cli.sandbox.requests == []


@pytest.mark.parametrize("arguments", [["--token", "s3cret"], ["--token=s3cret"], ["--token"]])
def test_a_token_on_the_command_line_is_refused_and_not_repeated(cli: Cli, arguments: list[str]) -> None:
    for command in ("list", "catalogue", "adopt"):
        told = cli.failed(command, *arguments, code=2)
        assert told == "the token is never given on the command line: set PLUSOFON_TOKEN, or use --token-file FILE"


# Which settings


def test_options_come_before_the_environment(cli: Cli, tmp_path: Path) -> None:
    with Sandbox(open=["44"], client_id="77") as other:
        (tmp_path / "token").write_text(f"  {other.token}\n")
        options = ["--token-file", str(tmp_path / "token"), "--base-url", other.url, "--client-id", "77"]
        assert "Guernsey" in cli.done("list", *options)
    assert cli.sandbox.requests == []
    assert "Hungary" in cli.done("list")


def test_the_client_id_of_the_environment_counts(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUSOFON_CLIENT_ID", "77")
    assert "page not found" in cli.failed("list").lower()


@pytest.mark.parametrize("token", [None, "", "  "])
def test_without_a_token_it_says_where_one_is_given(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    monkeypatch.delenv("PLUSOFON_TOKEN")
    if token is not None:
        monkeypatch.setenv("PLUSOFON_TOKEN", token)
    for command in ("list", "catalogue", "adopt"):
        told = cli.failed(command)
        assert told.startswith("there is no Plusofon token: set the environment variable PLUSOFON_TOKEN, or name a")
        assert "--token-file" in told
    assert cli.sandbox.requests == []


@pytest.mark.parametrize(
    "content, words",
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe\x00", "it is not a text file"),
        (b"x" * 100_000, "too large"),
        (b"Bearer s3cret", "the Plusofon token has white space"),
    ],
)
def test_a_token_file_that_cannot_be_used_says_why(cli: Cli, tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    told = cli.failed("list", "--token-file", str(file))
    assert words in told
    assert "s3cret" not in told
    # The token of the environment may be another account's: it does not take the file's place.
    assert cli.sandbox.requests == []


def test_a_folder_and_a_name_that_cannot_be_one_are_no_token_files(cli: Cli, tmp_path: Path) -> None:
    assert "Is a directory" in cli.failed("list", "--token-file", str(tmp_path))
    assert "cannot read the token file" in cli.failed("list", "--token-file", "a\0b")


def test_a_token_file_may_begin_with_a_byte_order_mark(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(cli.sandbox.token, encoding="utf-8-sig")
    assert "Hungary" in cli.done("list", "--token-file", str(tmp_path / "token"))


@pytest.mark.parametrize(
    "option, value, words",
    [
        ("--base-url", "", "the base URL is not of the form"),
        ("--base-url", "http://example.com", "would send the token unencrypted"),
        ("--client-id", "a b", "the client id is not a number"),
        ("--client-id", "abc", "the client id is not a number"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_any_call(cli: Cli, option: str, value: str, words: str) -> None:
    assert words in cli.failed("list", option, value)
    assert cli.sandbox.requests == []


# When the API does not play along


@pytest.mark.parametrize("reading", ["401", "403", "500", "200"])
def test_a_refused_token_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch, reading: str) -> None:
    cli.sandbox.set_readings({"R9": reading})
    monkeypatch.setenv("PLUSOFON_TOKEN", "wrong-token")
    for command in ("list", "catalogue", "adopt"):
        told = cli.failed(command)
        assert "Check the token" in told
        assert "wrong-token" not in told


@pytest.mark.parametrize(
    "fault",
    [
        "status:503",
        "html:502",
        "reset",
        "close",
        "truncate",
        "garbage",
        "success-false",
        "huge",
        "redirect:https://x.y",
    ],
)
def test_an_api_in_trouble_is_one_line(cli: Cli, fault: str) -> None:
    cli.sandbox.fail_next(9, fault)
    assert cli.failed("list").startswith("GET /api/v1/direction at 127.0.0.1: ")


def test_a_catalogue_in_trouble_is_one_line(cli: Cli) -> None:
    cli.sandbox.fail_next(99, "status:503", path="/api/v1/directions")
    for command in ("list", "catalogue", "adopt"):
        assert cli.failed(command).startswith("GET /api/v1/directions at ")


def test_an_api_that_is_down_is_one_line(cli: Cli) -> None:
    with refusing_url() as url:
        told = cli.failed("list", "--base-url", url)
    assert "no connection could be made (Connection refused)" in told


# Help, and what it costs


def test_the_version_is_told(cli: Cli) -> None:
    assert cli.done("--version") == f"plusofon-pulumi {plusofon_pulumi.__version__}\n"
    assert "--version" not in cli.done("list", "--help")


@pytest.mark.parametrize("command", ["list", "catalogue", "adopt", "sandbox"])
def test_every_command_has_a_help_with_an_example(cli: Cli, command: str) -> None:
    assert f"plusofon {command}" in cli.done(command, "--help").partition("example")[2]
    assert f"    {command} " in cli.done("--help")


def loaded_by(*arguments: str) -> set[str]:
    program = (
        "import sys\n"
        "from plusofon_pulumi.cli import main\n"
        f"main({list(arguments)!r})\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    return set(ran.stderr.split())


@pytest.mark.parametrize("command", ["list", "catalogue", "adopt"])
def test_the_commands_load_no_pulumi_and_their_help_no_http_client(cli: Cli, tmp_path: Path, command: str) -> None:
    options = ["--out", str(tmp_path)] if command == "adopt" else []
    assert {"requests"} == loaded_by(command, *options) & {"requests", "pulumi", "grpc"}
    assert not loaded_by(command, "--help") & {"requests", "urllib3", "pulumi", "grpc"}


def test_the_whole_help_loads_neither() -> None:
    assert not loaded_by("--help") & {"requests", "urllib3", "pulumi", "grpc"}
