"""The documents' links lead somewhere, the two READMEs agree, and what is listed is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import plusofon_pulumi
from plusofon_pulumi.cli import main, parser
from plusofon_pulumi.cli.common import UsageError
from plusofon_pulumi.cli.directions import NON_GEOGRAPHIC
from plusofon_pulumi.sandbox import READINGS, readings
from plusofon_pulumi.sandbox.cabinet import catalogue
from tests.checkout import CHECKOUT
from tests.pages import (
    DOCS,
    PAGES,
    RUSSIAN,
    arguments,
    blocks,
    commands,
    dead_anchors,
    headings,
    links,
    options,
    read,
    unknown_keys,
)

README = CHECKOUT / "README.md"


@pytest.mark.parametrize("page", [*PAGES, RUSSIAN], ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for link in links(page):
        assert (page.parent / link).exists(), link
    assert not dead_anchors(page)


def test_every_page_is_in_the_site_s_navigation() -> None:
    navigation = re.findall(r"[\w-]+\.md", str(yaml.safe_load(read(CHECKOUT / "mkdocs.yml"))["nav"]))
    assert sorted(navigation) == sorted(page.name for page in DOCS.glob("*.md"))


def test_the_readmes_have_the_same_sections_in_the_same_order() -> None:
    assert [level for level, _ in headings(RUSSIAN)] == [level for level, _ in headings(README)]
    assert links(RUSSIAN)[1:] == links(README)[1:]


def test_the_readmes_have_the_same_blocks() -> None:
    assert [(each.language, each.text) for each in blocks(RUSSIAN)] == [
        (each.language, each.text) for each in blocks(README)
    ]


def test_the_readmes_have_the_same_points_and_rows() -> None:
    def marks(page: Path) -> list[str]:
        return re.findall(r"^(?:- |> |\||#+ |!\[)", read(page), re.MULTILINE)

    assert marks(RUSSIAN) == marks(README)


def test_the_readmes_lead_to_each_other() -> None:
    assert (links(README)[0], links(RUSSIAN)[0]) == (RUSSIAN.name, README.name)


@pytest.mark.parametrize("command", commands("plusofon"), ids=" ".join)
def test_a_command_that_is_named_exists_with_its_options(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command[0], "--help"]) == 0
    assert options(command) <= set(capsys.readouterr().out.replace("[", " ").replace(",", " ").split())


def understand(command: list[str]) -> None:
    """Parse the arguments of a command as it does; raise UsageError or ValueError where it would not take them."""
    try:
        understood = parser().parse_args(command)
    except SystemExit:  # --help
        return
    readings.parse(getattr(understood, "reading", []))


@pytest.mark.parametrize("command", arguments("plusofon"), ids=" ".join)
def test_a_command_of_a_block_is_understood(command: list[str]) -> None:
    understand(command)


@pytest.mark.parametrize("page", [*PAGES, RUSSIAN], ids=lambda page: page.name)
def test_a_page_names_only_keys_and_resources_that_there_are(page: Path) -> None:
    assert not unknown_keys(read(page))


@pytest.mark.parametrize("command", commands("make"), ids=" ".join)
def test_a_target_that_is_named_exists(command: list[str]) -> None:
    assert re.search(rf"^{command[0]}:", read(CHECKOUT / "Makefile"), re.MULTILINE)


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


# That these tests see what is wrong


def a_page(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


@pytest.mark.parametrize(
    "script",
    [
        "plusofon sandbox --prot 8036",
        "python -m plusofon_pulumi sandbox --port many",
        "python3 -m plusofon_pulumi lst",
        "plusofon sandbox --reading R4=999",
        "cd there && PLUSOFON_TOKEN=x plusofon list --jsno || true",
        "if ! plusofon lst; then echo no; fi",
        "echo 1 > file # all\nplusofon lst 2>&1 | cat",
        "plusofon \\\n  lst",
        'echo "$(plusofon lst | head -1)"',
        "cat <<'EOF' > file\nplusofon\nEOF\nplusofon lst",
        "plusofon list --token secret",
    ],
)
def test_a_wrong_command_of_a_block_is_seen(script: str, tmp_path: Path) -> None:
    (command,) = arguments("plusofon", [a_page(tmp_path, f"```sh\n{script}\n```\n")])
    with pytest.raises((UsageError, ValueError)):
        understand(command)


def test_what_surrounds_a_command_of_a_block_is_not_taken_for_a_part_of_it(tmp_path: Path) -> None:
    script = (
        "A=1 plusofon list --json > file 2>&1 &\n(plusofon catalogue 'a b' | cat) # plusofon\ncat <(pass show plusofon)"
    )
    page = a_page(tmp_path, f"```sh\n{script}\n```\n```text\n$ plusofon list\nplusofon no\n```\n")
    assert arguments("plusofon", [page]) == [["catalogue", "a b"], ["list"], ["list", "--json"]]


@pytest.mark.parametrize(
    "text",
    [
        "~~~sh\nfalse\n~~~\n",
        "- point\n\n    ~~~sh\n    false\n    ~~~\n",
        "A text:\n\n    plusofon lst\n",
        "A text:\n\n\tplusofon lst\n",
        "> A text:\n>\n>     plusofon lst\n",
        "    plusofon lst\n",
        "- point\n\nA text:\n\n    plusofon lst\n",
        "- point\n# Title\n\n    plusofon lst\n",
        "- point\n\n        plusofon lst\n",
        "<pre>plusofon lst</pre>\n",
        "a <CODE class=x>plusofon lst</CODE>\n",
        "````sh\nfalse\n````\n",
        "```{.sh}\nfalse\n```\n",
    ],
)
def test_code_by_other_means_than_a_fence_is_seen(text: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        blocks(a_page(tmp_path, text))


def test_what_only_looks_like_code_is_let_pass(tmp_path: Path) -> None:
    text = "Of `<code>`,\n    indented.\n\n- a point that\ngoes on\n  and on\n\n    and on\n\n1. one\n\n"
    text += "    ```sh\n    true\n    ```\n"
    assert len(blocks(a_page(tmp_path, text))) == 1


def test_an_anchor_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    page = a_page(tmp_path, "# `a` new, *token*\n## Same\n## Same\n[](#a-new-token) [](page.md#same-1) [](no.md)\n")
    assert dead_anchors(page) == []
    page = a_page(tmp_path, "# One\n```sh\n# Two\n```\n[](#two) [](page.md#oen) [](no.md#one) [](https://a.b/#c)\n")
    assert dead_anchors(page) == ["#two", "page.md#oen", "no.md#one"]


def test_a_key_that_is_unknown_is_seen() -> None:
    text = "`plusofon:token` plusofon:clientID: 1\npulumi config set plusofon:tokn\n"
    text += "plusofon:AllowedDirection plusofon:provider"
    assert unknown_keys(text) == {"plusofon:clientID", "plusofon:tokn", "plusofon:provider"}
