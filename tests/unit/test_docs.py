"""The documents' links lead somewhere, the two READMEs agree, and what is listed is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import plusofon_pulumi
from plusofon_pulumi.cli import main
from plusofon_pulumi.cli.directions import NON_GEOGRAPHIC
from plusofon_pulumi.plugin import LOOK_UPS
from plusofon_pulumi.sandbox import READINGS
from plusofon_pulumi.sandbox.state import catalogue
from plusofon_pulumi.settings import SOURCES
from tests.checkout import CHECKOUT
from tests.pages import DOCS, PAGES, README, RUSSIAN, blocks, dead_links, prose, read

LINK = re.compile(r"\]\(([^()\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    assert not dead_links(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    keys = {key for key, _ in SOURCES.values()} | {f"plusofon:{name}" for name in plusofon_pulumi.__all__}
    keys |= {token.replace("index:", "") for token in LOOK_UPS}
    assert set(re.findall(r"\bplusofon:(?!index|get)\w+", read(page))) <= keys
    source = "".join(read(path) for path in Path(plusofon_pulumi.__file__).parent.rglob("*.py"))
    assert [name for name in re.findall(r"\bPLUSOFON_(?!TOKEN_)\w+", read(page)) if name not in source] == []
    files = re.findall(r"`((?:tests|tools|examples|docs)/[\w/.]+)`", read(page))
    assert [name for name in files if not (CHECKOUT / name).exists()] == []
    targets = set(re.findall(r"^([a-z]+):", read(CHECKOUT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`|^make ([a-z]+)$", read(page), re.MULTILINE)) <= {
        pair for target in targets for pair in ((target, ""), ("", target))
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_that_a_page_names_have_their_options(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command, rest in re.findall(r"`plusofon ([a-z]+)([^`]*)`", prose(page)):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert set(re.findall(r"--[a-z-]+", rest)) <= set(re.findall(r"--[a-z-]+", capsys.readouterr().out))


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    navigation = re.findall(r"[\w-]+\.md", str(yaml.safe_load(read(CHECKOUT / "mkdocs.yml"))["nav"]))
    assert sorted(navigation) == sorted(page.name for page in DOCS.glob("*.md"))


def test_the_readmes_have_the_same_blocks_links_and_headings() -> None:
    shapes = []
    for page in (README, RUSSIAN):
        links = [link.replace(RUSSIAN.name, README.name) for link in LINK.findall(prose(page))]
        levels = re.findall(r"^(#+) ", prose(page), re.MULTILINE)
        shapes.append(([each.text for each in blocks(page)], links, levels, prose(page).count("\n|")))
    assert shapes[0] == shapes[1]


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(prose(README).split()) <= 1100
    total = sum(len(prose(page).partition("## Fault table")[0].split()) for page in DOCS.glob("*.md"))
    assert total <= 10_500


def test_each_reading_has_its_section_with_all_of_its_values() -> None:
    sections = dict(each.split("\n", 1) for each in read(DOCS / "readings.md").split("\n## ")[1:])
    assert list(sections) == [f"{name}: {reading.question}" for name, reading in READINGS.items()]
    for (title, section), reading in zip(sections.items(), READINGS.values(), strict=True):
        assert re.findall(r"^- `([^`]+)`", section, re.MULTILINE) == list(reading.values), title


def test_the_shared_codes_and_those_of_no_country_are_listed() -> None:
    codes = [row.code for row in catalogue()]
    listed = re.findall(r"^\| ([\d, ]+) \|", read(DOCS / "calling-codes.md"), re.MULTILINE)
    wanted = {code for code in codes if codes.count(code) > 1} | NON_GEOGRAPHIC
    assert {code for each in listed for code in each.split(", ")} == wanted


def test_the_reference_has_every_public_name() -> None:
    shown = set(re.findall(r"^::: plusofon_pulumi\.(?:\w+\.)?(\w+)$", read(DOCS / "reference.md"), re.MULTILINE))
    errors = {name for name in plusofon_pulumi.__all__ if name.endswith("Error")}
    assert shown - {"errors", "Sandbox"} | errors == set(plusofon_pulumi.__all__)
