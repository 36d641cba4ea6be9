"""``plusofon adopt``: the files that it writes, and what it says. `tests/e2e/test_adoption.py` brings them up."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import plusofon_pulumi
from plusofon_pulumi.adoption import adopt, resource_name
from plusofon_pulumi.directions import Catalogue, Direction
from tests.checkout import CHECKOUT
from tests.pages import read
from tests.unit.cli_runner import Cli

FILES = ["Pulumi.yaml", "__main__.py", "requirements.txt"]


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the program of an adoption declares as protected: the code or the codes of each resource, by its name."""
    found: dict[str, Any] = {}

    def declare(name: str, opts: pulumi.ResourceOptions, **codes: Any) -> None:
        [found[name]] = codes.values() if opts.protect else [None]

    for kind in ("AllowedDirection", "AllowedDirections"):
        monkeypatch.setattr(plusofon_pulumi, kind, declare, raising=False)
    monkeypatch.setattr(pulumi, "export", lambda *_: None)
    return found


LEFT_OUT, CLOSED = "it is left out and stays open", "`pulumi up` closes it"
# What is open, the options, what is declared, and what becomes of 424, which the catalogue does not have.
ADOPTED: list[tuple[str, str, dict[str, Any], str]] = [
    ("36 7 424", "", {"direction-7": "7", "hungary-36": "36"}, LEFT_OUT),
    ("225", "", {"cote-divoire-225": "225"}, ""),
    ("36 7 424", "--exclusive", {"account": ["7", "36"]}, CLOSED),
    ("36 7 424", "--csv", {"account": ["7", "36"]}, CLOSED),
    ("", "", {}, ""),
    ("", "--exclusive", {"account": []}, ""),
]


@pytest.mark.parametrize("opened, option, expected, then", ADOPTED)
def test_what_is_open_is_declared_by_readable_names_and_protected_and_what_cannot_be_is_named(
    cli: Cli, declared: dict[str, Any], opened: str, option: str, expected: dict[str, Any], then: str
) -> None:
    cli.sandbox.set_open(opened.split())
    said = cli.done("adopt", *option.split(), "--out", "acme")
    assert ("Open in the account: nothing." in said) == (not opened)
    note = "note: 424 (Direction 424) is open but not in Plusofon's catalogue, so it cannot be declared: "
    assert (note + (then or "…") in said) == bool(then)
    program = read(Path("acme/__main__.py"))
    assert ("424 (Direction 424)" in program) == (then != "" and option != "--csv")
    assert (program == read(CHECKOUT / "examples/from_csv/__main__.py")) == (option == "--csv")
    runpy.run_path("acme/__main__.py")
    assert declared == expected


@pytest.mark.parametrize(
    "out, options, name",
    [("acme", [], "acme"), ("my acme!", [], "my-acme"), ("кабинет", [], "plusofon"), ("a", ["--name", "b.c"], "b.c")],
)
def test_the_project_is_named_after_its_folder(cli: Cli, out: str, options: list[str], name: str) -> None:
    said = cli.done("adopt", "--out", out, *options)
    assert sorted(path.name for path in Path(out).iterdir()) == FILES
    assert all(f"wrote {Path(out) / file}" in said for file in FILES)
    project = yaml.safe_load(read(Path(out, "Pulumi.yaml")))
    assert (project["name"], project["runtime"]) == (name, "python")
    assert read(Path(out, "requirements.txt")).endswith("\nplusofon-pulumi\n")


@pytest.mark.parametrize("file", [*FILES, "directions.csv"])
def test_no_file_is_overwritten_and_none_is_written_beside_it(cli: Cli, file: str) -> None:
    Path("acme").mkdir()
    Path("acme", file).symlink_to("nowhere")
    assert f"{Path('acme', file)} exists already" in cli.failed("adopt", "--csv", "--out", "acme")
    assert [path.name for path in Path("acme").iterdir()] == [file]


def test_the_next_commands_give_the_stack_what_the_options_gave(cli: Cli, tmp_path: Path) -> None:
    Path("my token").write_text(cli.sandbox.token, encoding="utf-8")
    options = ["--token-file", "my token", "--base-url", cli.sandbox.url, "--client-id", "10553"]
    configured = f"""\
  pulumi config set --secret plusofon:token < '{tmp_path / "my token"}'
  pulumi config set plusofon:baseUrl {cli.sandbox.url}
  pulumi config set plusofon:clientId 10553
"""
    wheel = "For CI or `pulumi install`, name the package's wheel in requirements.txt: no package index has it yet.\n"
    for folder, given, config in (("'a b'", options, configured), ("c", [], "")):
        steps = f"Next:\n  cd {folder}\n  pulumi stack init dev\n{config}  pulumi up\n\n{wheel}"
        assert cli.done("adopt", *given, "--out", folder.strip("'")).endswith(steps)


def test_names_from_the_api_cannot_leave_their_comment(declared: dict[str, Any], tmp_path: Path) -> None:
    evil = Direction("36", "", 'Hungary"\n}\nraise SystemExit  # \u2028', id="1")
    for exclusive in (False, True):
        program = adopt([evil], Catalogue([evil]), project="acme", exclusive=exclusive)["__main__.py"]
        (tmp_path / "__main__.py").write_text(program, encoding="utf-8")
        runpy.run_path(str(tmp_path / "__main__.py"))
    assert declared == {resource_name(evil): "36", "account": ["36"]}
    assert resource_name(evil) == "hungary-raise-systemexit-36"
