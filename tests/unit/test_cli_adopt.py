"""``plusofon adopt``: what it writes where, what it never overwrites, and what it asks of a stack's state."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.unit.cli_runner import Cli

IMPORT = "  pulumi import --file plusofon-import.json --generate-code=false --yes\n"
PREVIEW = "  pulumi preview --expect-no-changes\n"
# Of a project that is there already, it is not known whether it has a stack.
STACK = "  pulumi stack init dev    # where there is none yet\n"
URN = "urn:pulumi:dev::test::pulumi:providers:pulumi-python::second"


def names_in(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def writes(cli: Cli) -> int:
    return cli.sandbox.calls("PUT") + cli.sandbox.calls("DELETE")


# What is written


def test_a_new_folder_gets_a_whole_project_and_the_commands_to_run_next_are_told(cli: Cli, tmp_path: Path) -> None:
    assert cli.done("adopt", "--out", "my accounts/first") == (
        "1 direction is open in the account.\n"
        "wrote my accounts/first/__main__.py\n"
        "wrote my accounts/first/plusofon-import.json\n"
        "wrote my accounts/first/Pulumi.yaml\n"
        "\n"
        "Next:\n"
        "  cd 'my accounts/first'\n"
        f"  pulumi stack init dev\n{IMPORT}{PREVIEW}"
    )
    folder = tmp_path / "my accounts" / "first"
    assert names_in(folder) == {"__main__.py", "plusofon-import.json", "Pulumi.yaml"}
    project = (folder / "Pulumi.yaml").read_text()
    assert "name: plusofon-account\n" in project
    assert "runtime: python\n" in project
    assert "virtualenv" not in project
    assert [each["id"] for each in json.loads((folder / "plusofon-import.json").read_text())["resources"]] == ["36"]
    assert writes(cli) == 0
    assert len(cli.sandbox.requests) == 2


def test_files_get_the_rights_that_the_user_s_files_have(cli: Cli, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        cli.done("adopt")
    finally:
        os.umask(before)
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o640}


@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"])
def test_a_project_that_is_there_stays_as_it_is(cli: Cli, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("name: mine\n")
    printed = cli.done("adopt", "--exclusive")
    assert printed.endswith(f"Next:\n{STACK}{IMPORT}{PREVIEW}")
    assert names_in(tmp_path) == {"__main__.py", "plusofon-import.json", name}
    assert (tmp_path / name).read_text() == "name: mine\n"
    assert "AllowedDirections(" in (tmp_path / "__main__.py").read_text()


def test_what_was_told_by_options_is_to_be_told_to_the_stack(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a token").write_text(cli.sandbox.token)
    (tmp_path / "Pulumi.yaml").touch()
    printed = cli.done("adopt", "--token-file", "a token", "--base-url", cli.sandbox.url, "--client-id", "10553")
    assert printed.endswith(
        f"Next:\n{STACK}"
        f"  pulumi config set --secret plusofon:token < '{tmp_path}/a token'\n"
        f"  pulumi config set plusofon:baseUrl {cli.sandbox.url}\n"
        f"  pulumi config set plusofon:clientId 10553\n{IMPORT}{PREVIEW}"
    )
    assert all(cli.sandbox.token not in (tmp_path / name).read_text() for name in names_in(tmp_path) - {"a token"})


def test_a_token_out_of_a_pipe_is_asked_for_again_for_the_pipe_is_gone(cli: Cli, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor() as pool:
        pool.submit((tmp_path / "pipe").write_text, cli.sandbox.token)
        printed = cli.done("adopt", "--token-file", "pipe")
    assert "  pulumi config set --secret plusofon:token\n" in printed


def test_with_nothing_open_it_says_so(cli: Cli) -> None:
    cli.sandbox.set_open([])
    printed = cli.done("adopt")
    assert printed.startswith("Nothing is open in the account: there is nothing to import.\n")
    assert printed.endswith("Next:\n  pulumi stack init dev\n  pulumi up\n")
    told = cli.done("adopt", "--exclusive", "--force")
    assert told.startswith("Nothing is open in the account: the program closes whatever is opened later.\n")


# What is not overwritten


@pytest.mark.parametrize("name", ["__main__.py", "plusofon-import.json"])
def test_a_file_that_is_there_is_overwritten_only_with_force(cli: Cli, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    told = cli.failed("adopt", "--out", ".")
    assert told == f"{name} is there already: choose another folder with --out, or overwrite it with --force"
    assert names_in(tmp_path) == {name}
    assert cli.sandbox.requests == []
    cli.done("adopt", "--force")
    assert (tmp_path / name).read_text() != "mine"


def test_a_link_that_leads_nowhere_is_not_overwritten_either(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").symlink_to(tmp_path / "elsewhere")
    assert "is there already" in cli.failed("adopt")


def test_a_folder_in_a_file_s_place_is_not_replaced_even_with_force(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plusofon-import.json").mkdir()
    assert "plusofon-import.json is a folder" in cli.failed("adopt", "--force")
    assert names_in(tmp_path) == {"plusofon-import.json"}


ELSEWHERE = ["main: examples/quickstart", 'main: "app.py"', "main : infra  # ours", '"main": infra', "main: ../"]
HERE = [
    "main: ./",
    "main: .   # here",
    "main: ''",
    'main: "./__main__.py"',
    "main: # here",
    "main:",
    "mainly: infra",
    "main: ~",
]


@pytest.mark.parametrize("main", ELSEWHERE)
def test_a_project_whose_program_is_elsewhere_is_told(cli: Cli, tmp_path: Path, main: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: mine\n{main}\n")
    assert "Pulumi would not run the one that would be written here" in cli.failed("adopt")
    assert names_in(tmp_path) == {"Pulumi.yaml"}


@pytest.mark.parametrize("main", HERE)
def test_a_project_whose_program_is_here_is_none(cli: Cli, tmp_path: Path, main: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: mine\n{main}\nruntime: python\n")
    cli.done("adopt")


@pytest.mark.parametrize(
    "text, is_elsewhere", [('{"main": "infra"}', True), ('{"main": null}', False), ("main: infra", False)]
)
def test_a_project_in_json_is_read_too(cli: Cli, tmp_path: Path, text: str, is_elsewhere: bool) -> None:
    (tmp_path / "Pulumi.json").write_text(text)
    if is_elsewhere:
        assert "Pulumi.json says that the program is infra, so" in cli.failed("adopt")
    else:
        cli.done("adopt")


# What is not half written


def test_a_folder_that_cannot_be_made_is_one_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert cli.failed("adopt", "--out", "file/account") == "cannot write file/account/__main__.py: Not a directory"
    assert names_in(tmp_path) == {"file"}


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "^C"])
@pytest.mark.parametrize("successes", [0, 1, 2])
def test_a_writing_that_stops_half_way_leaves_everything_as_it_was(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, successes: int
) -> None:
    (tmp_path / "__main__.py").write_text("mine")
    real, left = Path.write_bytes, [successes]

    def write_bytes(path: Path, data: bytes) -> int:
        if left[0] == 0:
            real(path, data[:10])
            raise failure
        left[0] -= 1
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    if isinstance(failure, OSError):
        assert cli.failed("adopt", "--force").endswith(": No space left on device")
    else:
        with pytest.raises(KeyboardInterrupt):
            cli.done("adopt", "--force")
    assert names_in(tmp_path) == {"__main__.py"}
    assert (tmp_path / "__main__.py").read_text() == "mine"


def test_an_api_that_fails_leaves_nothing_behind(cli: Cli, tmp_path: Path) -> None:
    cli.sandbox.fail_next(99, "status:503", path="/api/v1/directions")
    cli.failed("adopt", "--out", "account")
    assert names_in(tmp_path) == set()


def test_pages_on_another_host_are_refused_and_never_taken_for_the_whole(cli: Cli, tmp_path: Path) -> None:
    cli.sandbox.set_readings({"R14": "foreign"})
    assert "its next page is on another host" in cli.failed("adopt")
    assert names_in(tmp_path) == set()


# A Provider


Pulumi = Callable[..., Path]


@pytest.fixture
def pulumi(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Pulumi:
    """Put a `pulumi` on PATH that prints this and ends so; it notes where and how it was run."""
    folder = tmp_path_factory.mktemp("bin")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def make(stdout: Any = "", stderr: str = "", code: int = 0) -> Path:
        (folder / "stdout").write_text(stdout if isinstance(stdout, str) else json.dumps(stdout))
        (folder / "stderr").write_text(stderr)
        script = (
            f'#!/bin/sh\necho "$PWD $*" > {folder}/run\ncat {folder}/stdout\ncat {folder}/stderr >&2\nexit {code}\n'
        )
        (folder / "pulumi").write_text(script)
        (folder / "pulumi").chmod(0o755)
        return folder / "run"

    return make


def state(*providers: dict[str, Any]) -> dict[str, Any]:
    stack = {"urn": "urn:pulumi:dev::test::pulumi:pulumi:Stack::test-dev", "type": "pulumi:pulumi:Stack"}
    return {"version": 3, "deployment": {"resources": [stack, *providers]}}


def provider(inputs: dict[str, Any] | None = None, urn: str = URN) -> dict[str, Any]:
    known = {"plusofon:provider": "second", "plusofon:token": {"ciphertext": "v1:x"}}
    return {"urn": urn, "type": "pulumi:providers:pulumi-python", "inputs": {**known, **(inputs or {})}}


def test_a_provider_s_account_is_read_as_state_has_it_and_declared_so(
    cli: Cli, pulumi: Pulumi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    with Sandbox(open=["44"], client_id="77") as other:
        ran = pulumi(state(provider({"plusofon:baseUrl": other.url, "plusofon:clientId": "77"})))
        monkeypatch.setenv("PLUSOFON_TOKEN", other.token)
        printed = cli.done("adopt", "--provider", "second")
        program = (tmp_path / "__main__.py").read_text()
        assert f'base_url="{other.url}"' in program
    # Neither the base URL nor the client id of the environment is the Provider's.
    assert cli.sandbox.requests == []
    assert 'client_id="77"' in program
    assert '"second-united-kingdom-and-others-44": "44"' in program
    assert json.loads((tmp_path / "plusofon-import.json").read_text())["nameTable"] == {"second": URN}
    assert ran.read_text() == f"{tmp_path} stack export --non-interactive\n"
    assert printed.endswith(
        f"Next:\n  pulumi config set --secret secondToken    # where it is not set yet\n{IMPORT}{PREVIEW}"
    )


def test_in_a_folder_below_the_stack_s_project_no_second_project_is_made(
    cli: Cli, pulumi: Pulumi, tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    ran = pulumi(state(provider({"plusofon:baseUrl": cli.sandbox.url})))
    printed = cli.done("adopt", "--provider", "second", "--out", "a/b")
    assert names_in(tmp_path / "a" / "b") == {"__main__.py", "plusofon-import.json"}
    assert ran.read_text().startswith(f"{tmp_path} ")
    assert f"{IMPORT}  # now put what __main__.py declares into the program of the stack" in printed


@pytest.mark.parametrize(
    "found, words",
    [
        (state(), 'the Provider "second" is not in the state of the stack, and an import would make one without'),
        ({"version": 3, "deployment": {}}, 'the Provider "second" is not in the state of the stack'),
        (state(provider(urn=f"{URN}s")), "is not in the state"),
        (state({**provider(), "inputs": {}}), "has no Plusofon token"),
        (state({"urn": URN, "type": "pulumi:providers:pulumi-python"}), "has no Plusofon token"),
        (
            state(provider({"plusofon:baseUrl": {"ciphertext": "x"}})),
            'plusofon:baseUrl of the Provider "second" is a',
        ),
        (state(provider(urn=URN.replace("pulumi:prov", "my:Component$pulumi:prov"))), "inside of a component"),
        ("no JSON", "printed something else"),
        ([], "printed something else"),
    ],
)
def test_a_provider_that_an_import_could_not_use_is_refused_with_what_to_do(
    cli: Cli, pulumi: Pulumi, tmp_path: Path, found: Any, words: str
) -> None:
    pulumi(found)
    told = cli.failed("adopt", "--provider", "second")
    assert words in told
    assert "`pulumi up`" in told or "printed something else" in told
    assert names_in(tmp_path) == set()
    assert cli.sandbox.requests == []


def test_a_stack_that_cannot_be_read_is_one_line_in_pulumi_s_words(cli: Cli, pulumi: Pulumi, tmp_path: Path) -> None:
    pulumi(stderr="error: no stack selected; please use\n  `pulumi stack select`\n", code=255)
    assert cli.failed("adopt", "--provider", "second") == (
        f"the state of the stack cannot be read in {tmp_path}: no stack selected; please use `pulumi stack select`"
    )


def test_without_pulumi_a_provider_s_state_cannot_be_asked(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert cli.failed("adopt", "--provider", "second").startswith("`pulumi` is not on PATH: ")
    cli.done("adopt")


def test_a_pulumi_that_cannot_be_run_is_one_line(cli: Cli, pulumi: Pulumi) -> None:
    pulumi().with_name("pulumi").write_text("#!/nowhere\n")
    assert cli.failed("adopt", "--provider", "second").startswith("`pulumi stack export` failed: ")
