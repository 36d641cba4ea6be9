"""What the tests of the documents see: a page that is wrong does not pass them."""

from __future__ import annotations

from pathlib import Path

import pytest

from plusofon_pulumi.cli.common import UsageError
from tests.pages import blocks, dead_links, outline, unknown_keys, unknown_variables
from tests.scripts import in_blocks, in_sentences, is_there, understand, untested


def a_page(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return page


# Blocks


@pytest.mark.parametrize(
    "text",
    [
        "```sh\nfalse\n```\n",
        "~~~sh\nfalse\n~~~\n",
        "````sh\nfalse\n````\n",
        "- point\n\n    ~~~sh\n    false\n    ~~~\n",
        "1. one\n\n   ```sh\n   false\n   ```\n",
        "> ```sh\n> false\n> ```\n",
    ],
)
def test_a_block_of_each_kind_is_seen(text: str, tmp_path: Path) -> None:
    (block,) = blocks(a_page(tmp_path, text))
    assert (block.language, block.text) == ("sh", "false\n")


@pytest.mark.parametrize(
    "text",
    [
        "A text:\n\n    plusofon lst\n",
        "A text:\n\n\tplusofon lst\n",
        "> A text:\n>\n>     plusofon lst\n",
        "    plusofon lst\n",
        "- point\n\nA text:\n\n    plusofon lst\n",
        "- point\n# Title\n\n    plusofon lst\n",
        "- point\n\n      plusofon lst\n",
        "1. point\n\n       plusofon lst\n",
        "<pre>plusofon lst</pre>\n",
        "a <CODE class=x>plusofon lst</CODE>\n",
        '<img src="no.svg">\n',
        'a <a href="no.md">link</a>\n',
        "<!-- a comment --> <img src=no.svg>\n",
        "<!--test: fails -->\n```sh\nfalse\n```\n",
        "```sh\nfalse\n",
        "```sh\nfalse\n``\n",
        "- point\n\n  ```sh\n  false\n\nA text.\n",
    ],
)
def test_a_page_with_what_no_test_would_see_fails(text: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        blocks(a_page(tmp_path, text))


def test_what_only_looks_like_code_is_let_pass(tmp_path: Path) -> None:
    text = "Of `<code>`,\n    indented.\n\n- a point that\ngoes on\n  and on\n\n    and on\n\n1. one\n\n"
    text += "    ```sh\n    true\n    ```\n\n<!-- end -->\n"
    assert len(blocks(a_page(tmp_path, text))) == 1


# Links


@pytest.mark.parametrize(
    "text, dead",
    [
        ("# `a` new, *token*\n## Same\n## Same\n[](#a-new-token) [](page.md#same-1)\n", []),
        ("A title\n===\n[a][there]\n\n[there]: page.md#a-title\n", []),
        ("[](https://a.b/#c) <https://a.b> [](.)\n", []),
        ("# One\n```sh\n# Two\n```\n[](#two) [](page.md#oen) [](no.md#one)\n", ["#two", "page.md#oen", "no.md#one"]),
        ("[a](no.md) ![b](no.svg) [c](/etc) [d](#)\n", ["no.md", "no.svg", "/etc"]),
        ("[a][there] and [there]\n\n[there]: no.md\n", ["no.md", "no.md"]),
    ],
)
def test_a_link_that_leads_nowhere_is_seen(text: str, dead: list[str], tmp_path: Path) -> None:
    assert dead_links(a_page(tmp_path, text)) == dead


# Two languages


ENGLISH = "# Title\n\nA text, of `code` and 3.10.\n\nIt goes *on*, [there](README.md).\n\n- 7 points\n- two\n"


@pytest.mark.parametrize(
    "right, wrong",
    [
        ("\nIt goes *on*, [there](README.md).\n", ""),
        ("`code`", "code"),
        ("`code`", "`cod`"),
        ("3.10", "3.8"),
        ("7 points", "points"),
        ("- two\n", ""),
        ("- two", "\ntwo"),
        ("*on*", "on"),
        ("(README.md)", "(CHANGELOG.md)"),
        ("# Title", "## Title"),
    ],
)
def test_a_translation_that_lacks_something_is_seen(right: str, wrong: str, tmp_path: Path) -> None:
    assert right in ENGLISH
    whole = outline(a_page(tmp_path, ENGLISH))
    assert outline(a_page(tmp_path, ENGLISH.replace(right, wrong))) != whole


def test_a_translation_has_the_same_in_other_words_and_another_order(tmp_path: Path) -> None:
    whole = outline(a_page(tmp_path, "`one` and *two* are 3, not 4: [it](README.md)\n"))
    assert outline(a_page(tmp_path, "не 4, а 3:\n*два* и `one`, [вот](README.ru.md)\n")) == whole


# Names and commands


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
    (command,) = in_blocks("plusofon", [a_page(tmp_path, f"```sh\n{script}\n```\n")])
    with pytest.raises((UsageError, ValueError)):
        understand(command)


def test_what_surrounds_a_command_of_a_block_is_not_taken_for_a_part_of_it(tmp_path: Path) -> None:
    script = (
        "A=1 plusofon list --json > file 2>&1 &\n(plusofon catalogue 'a b' | cat) # plusofon\ncat <(pass show plusofon)"
    )
    page = a_page(tmp_path, f"```sh\n{script}\n```\n```text\n$ plusofon list\nplusofon no\n```\n")
    assert in_blocks("plusofon", [page]) == [["catalogue", "a b"], ["list"], ["list", "--json"]]


def test_a_key_that_is_unknown_is_seen() -> None:
    text = "`plusofon:token` plusofon:clientID: 1\npulumi config set plusofon:tokn\n"
    text += "plusofon:AllowedDirection plusofon:provider"
    assert unknown_keys(text) == {"plusofon:clientID", "plusofon:tokn", "plusofon:provider"}


def test_a_variable_that_is_unknown_is_seen(tmp_path: Path) -> None:
    unknown = "plusofon_tokne".upper()  # not as it is, or this file would know it
    assert unknown_variables(a_page(tmp_path, f"`HTTPS_PROXY`, {unknown} and `PLUSOFON_LOG=debug`\n")) == {unknown}


def test_a_command_of_a_sentence_is_seen(tmp_path: Path) -> None:
    text = "`PATH=$(python tools/enigne.py):x`, ask `pulumi`, `up --targt`, `.venv/bin/python -m benhc --help`,\n"
    text += "`pre-commit instal`, `plusofon\nlist`, `success: true`, `don't`\n"
    page = a_page(tmp_path, text)
    assert in_sentences("plusofon", [page]) == [["list"]]
    assert in_sentences("pulumi", [page]) == [["up", "--targt"]]
    assert untested(page) == ["pre-commit instal"]
    assert [is_there(command) for command in in_sentences("python", [page])] == [False, False]
