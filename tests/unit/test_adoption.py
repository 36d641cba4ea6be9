"""``plusofon adopt``: the files that it writes, and what it says. `tests/e2e/test_adoption.py` brings them up."""

from __future__ import annotations

import csv
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
import yaml

import plusofon_pulumi
from plusofon_pulumi.adoption import adopt, resource_name
from plusofon_pulumi.directions import Catalogue, Direction
from tests.checkout import CHECKOUT
from tests.unit.cli_runner import Cli

FILES = ["Pulumi.yaml", "__main__.py", "requirements.txt"]


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the program of an adoption declares, as (kind, name, codes, options)."""
    found: list[Any] = []

    def declare(name: str, opts: pulumi.ResourceOptions, **codes: Any) -> Any:
        found.append((name, codes, opts.protect))
        return SimpleNamespace()

    for kind in ("AllowedDirection", "AllowedDirections"):
        monkeypatch.setattr(plusofon_pulumi, kind, declare, raising=False)
    return found


@pytest.mark.parametrize(
    "opened, options, expected",
    [
        ("36 7", [], [("direction-7", {"code": "7"}, True), ("hungary-36", {"code": "36"}, True)]),
        ("225", [], [("cote-divoire-225", {"code": "225"}, True)]),
        ("36 7", ["--exclusive"], [("account", {"codes": ["7", "36"]}, True)]),
        ("", [], []),
        ("", ["--exclusive"], [("account", {"codes": []}, True)]),
    ],
)
def test_what_is_open_is_declared_by_readable_names_and_protected(
    cli: Cli, declared: list[Any], opened: str, options: list[str], expected: list[Any]
) -> None:
    cli.sandbox.set_open(opened.split())
    said = cli.done("adopt", *options, "--out", "acme")
    assert ("Open in the account: nothing." in said) == (not opened)
    runpy.run_path("acme/__main__.py")
    assert declared == expected


def test_a_table_comes_with_the_program_of_the_example(cli: Cli) -> None:
    cli.sandbox.set_open(["36", "7"])
    cli.done("adopt", "--csv", "--out", "acme")
    example = CHECKOUT / "examples" / "from_csv"
    assert Path("acme/__main__.py").read_text(encoding="utf-8") == (example / "__main__.py").read_text(encoding="utf-8")
    with Path("acme/directions.csv").open(encoding="utf-8") as table, (example / "directions.csv").open() as its:
        rows = csv.DictReader(table)
        assert rows.fieldnames == csv.DictReader(its).fieldnames
        assert [(row["code"], row["until"]) for row in rows] == [("7", ""), ("36", "")]


@pytest.mark.parametrize("option, then", [([], "stays open"), (["--exclusive"], "closes it"), (["--csv"], "closes it")])
def test_a_code_that_the_catalogue_does_not_have_is_left_out_and_named(cli: Cli, option: list[str], then: str) -> None:
    cli.sandbox.set_open(["36", "424"])
    said = cli.done("adopt", *option, "--out", "acme")
    assert "note: 424 (Direction 424) is open but not in Plusofon's catalogue, so it cannot be declared: " in said
    assert then in said
    program = Path("acme/__main__.py").read_text(encoding="utf-8")
    assert '"424"' not in program
    assert ("# " in program and "424 (Direction 424)" in program) or option == ["--csv"]


@pytest.mark.parametrize(
    "out, options, name",
    [("acme", [], "acme"), ("my acme!", [], "my-acme"), ("кабинет", [], "plusofon"), ("a", ["--name", "b.c"], "b.c")],
)
def test_the_project_is_named_after_its_folder(cli: Cli, out: str, options: list[str], name: str) -> None:
    said = cli.done("adopt", "--out", out, *options)
    assert sorted(path.name for path in Path(out).iterdir()) == FILES
    assert all(f"wrote {Path(out) / file}" in said for file in FILES)
    project = yaml.safe_load(Path(out, "Pulumi.yaml").read_text(encoding="utf-8"))
    assert (project["name"], project["runtime"]) == (name, "python")
    assert Path(out, "requirements.txt").read_text(encoding="utf-8").endswith("\nplusofon-pulumi\n")


@pytest.mark.parametrize("file", [*FILES, "directions.csv"])
def test_no_file_is_overwritten_and_none_is_written_beside_it(cli: Cli, file: str) -> None:
    assert "'my acme' cannot be a project's name" in cli.failed("adopt", "--name", "my acme", "--out", "acme")
    Path("acme").mkdir()
    Path("acme", file).symlink_to("nowhere")
    assert f"{Path('acme', file)} exists already" in cli.failed("adopt", "--csv", "--out", "acme")
    assert [path.name for path in Path("acme").iterdir()] == [file]


def test_the_next_commands_give_the_stack_what_the_options_gave(cli: Cli, tmp_path: Path) -> None:
    Path("my token").write_text(cli.sandbox.token, encoding="utf-8")
    options = ["--token-file", "my token", "--base-url", cli.sandbox.url, "--client-id", "10553"]
    assert cli.done("adopt", *options, "--out", "a b").partition("Next:\n")[2].splitlines()[:-2] == [
        "  cd 'a b'",
        "  pulumi stack init dev",
        f"  pulumi config set --secret plusofon:token < '{tmp_path / 'my token'}'",
        f"  pulumi config set plusofon:baseUrl {cli.sandbox.url}",
        "  pulumi config set plusofon:clientId 10553",
        "  pulumi up",
    ]
    assert cli.done("adopt", "--out", "c").partition("Next:\n")[2] == (
        "  cd c\n  pulumi stack init dev\n  pulumi up\n\n"
        "For CI or `pulumi install`, name the package's wheel in requirements.txt: no package index has it yet.\n"
    )


def test_names_from_the_api_cannot_leave_their_comment(declared: list[Any], tmp_path: Path) -> None:
    evil = Direction("36", "", 'Hungary"\n}\nraise SystemExit  # \u2028', id="1")
    for exclusive in (False, True):
        program = adopt([evil], Catalogue([evil]), project="acme", exclusive=exclusive)["__main__.py"]
        (tmp_path / "__main__.py").write_text(program, encoding="utf-8")
        runpy.run_path(str(tmp_path / "__main__.py"))
    assert [codes for _, codes, _ in declared] == [{"code": "36"}, {"codes": ["36"]}]
    assert resource_name(evil) == "hungary-raise-systemexit-36"
