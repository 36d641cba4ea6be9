"""The documents' links lead somewhere, the two READMEs agree, and what is listed is what there is."""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path

import pytest
import yaml

import plusofon_pulumi
from plusofon_pulumi.cli import main
from plusofon_pulumi.cli.directions import NON_GEOGRAPHIC
from plusofon_pulumi.sandbox import READINGS
from plusofon_pulumi.sandbox.account import catalogue
from tests.checkout import CHECKOUT
from tests.pages import DOCS, PAGES, README, RUSSIAN, blocks, dead_links, outline, read, unknown_keys, unknown_variables
from tests.scripts import in_blocks, in_sentences, is_there, options, understand, untested

# What is code of two words or more within a sentence, and no command that a test knows: each was read by a person.
NOT_TESTED = {
    "cd second",
    "export PATH=…:$PATH",
    "import plusofon_pulumi",
    "import pulumi",
    "kill -9",
    "not in the catalogue",
    "pass show plusofon",
    "pre-commit install",
}


@pytest.mark.parametrize("page", [*PAGES, RUSSIAN], ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    assert not dead_links(page)


def test_every_page_is_in_the_site_s_navigation() -> None:
    navigation = re.findall(r"[\w-]+\.md", str(yaml.safe_load(read(CHECKOUT / "mkdocs.yml"))["nav"]))
    assert sorted(navigation) == sorted(page.name for page in DOCS.glob("*.md"))


def test_the_readmes_say_the_same_part_by_part() -> None:
    for english, russian in zip_longest(outline(README), outline(RUSSIAN)):
        assert english == russian


def test_the_readmes_have_the_same_blocks() -> None:
    assert [(each.language, each.text) for each in blocks(RUSSIAN)] == [
        (each.language, each.text) for each in blocks(README)
    ]


def test_the_readmes_lead_to_each_other() -> None:
    assert f"]({RUSSIAN.name})" in read(README)
    assert f"]({README.name})" in read(RUSSIAN)


# Commands


@pytest.mark.parametrize("command", in_sentences("plusofon"), ids=" ".join)
def test_a_command_that_is_named_exists_with_its_options(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command[0], "--help"]) == 0
    assert options(command) <= set(capsys.readouterr().out.replace("[", " ").replace(",", " ").split())


@pytest.mark.parametrize("command", in_blocks("plusofon"), ids=" ".join)
def test_a_command_of_a_block_is_understood(command: list[str]) -> None:
    understand(command)


@pytest.mark.parametrize("command", in_sentences("make"), ids=" ".join)
def test_a_target_that_is_named_exists(command: list[str]) -> None:
    assert re.search(rf"^{command[0]}:", read(CHECKOUT / "Makefile"), re.MULTILINE)


@pytest.mark.parametrize("command", in_sentences("python"), ids=" ".join)
def test_what_python_is_said_to_run_is_there(command: list[str]) -> None:
    assert is_there(command)


@pytest.mark.parametrize("page", [*PAGES, RUSSIAN], ids=lambda page: page.name)
def test_a_command_of_a_sentence_is_tested_or_known(page: Path) -> None:
    assert set(untested(page)) <= NOT_TESTED


# Names


@pytest.mark.parametrize("page", [*PAGES, RUSSIAN], ids=lambda page: page.name)
def test_a_page_names_only_keys_and_resources_that_there_are(page: Path) -> None:
    assert not unknown_keys(read(page))


@pytest.mark.parametrize("page", [*PAGES, RUSSIAN], ids=lambda page: page.name)
def test_a_page_names_only_variables_that_there_are(page: Path) -> None:
    assert not unknown_variables(page)


def test_each_reading_has_its_section_with_all_of_its_values() -> None:
    sections = dict(each.split("\n", 1) for each in read(DOCS / "readings.md").split("\n## ")[1:])
    assert list(sections) == [f"{name}: {reading.question}" for name, reading in READINGS.items()]
    for (title, section), reading in zip(sections.items(), READINGS.values(), strict=True):
        assert re.findall(r"^- `([^`]+)`", section, re.MULTILINE) == list(reading.values), title


def test_the_shared_codes_and_those_of_no_country_are_told() -> None:
    codes = [row.code for row in catalogue()]
    told = re.findall(r"^\| ([\d, ]+) \|", read(DOCS / "calling-codes.md"), re.MULTILINE)
    told_codes = {code for codes in told for code in codes.split(", ")}
    assert told_codes == {code for code in codes if codes.count(code) > 1} | NON_GEOGRAPHIC


def test_the_reference_has_every_public_name() -> None:
    text = read(DOCS / "reference.md")
    shown = set(re.findall(r"^::: plusofon_pulumi\.(?:\w+\.)?(\w+)$", text, re.MULTILINE))
    errors = {name for name in plusofon_pulumi.__all__ if name.endswith("Error")}
    assert shown - {"errors", "Sandbox"} | errors == set(plusofon_pulumi.__all__)
