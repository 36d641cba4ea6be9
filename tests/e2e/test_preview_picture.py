"""The picture of a preview is what the engine and the package say today, and asks nobody for anything."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tools.engine import VERSION, version_of

TEXT = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(scope="module")
def committed() -> str:
    return (Path(__file__).parents[2] / "docs" / "preview.svg").read_text(encoding="utf-8")


def texts(svg: str) -> list[str]:
    """Return all that is written in a picture; which message comes first is the engine's affair."""
    return sorted("".join(each.itertext()) for each in ET.fromstring(svg).iter(TEXT))  # noqa: S314  # our own file


def of_ours(texts: list[str]) -> set[str]:
    """Return the messages of ours among texts, without what the engine puts around them."""
    said = " ".join(texts).replace("\xa0", " ")
    return set(re.findall(r"\d+ \([^)]+\) was [^;]+; `pulumi up` \w+ it\.", said))


def test_it_says_what_a_preview_says_today(committed: str, engine: Path) -> None:
    # Not above: only the development environment has the library that draws.
    from tools import preview_picture

    drawn, today = texts(committed), texts(preview_picture.draw(preview_picture.preview(engine)))
    assert of_ours(drawn) == of_ours(today) != set(), "run `make picture`"
    # Another CLI, which may be on PATH, says the rest in its own way.
    if version_of(str(engine / "pulumi"), "version") == tuple(map(int, VERSION.split("."))):
        assert drawn == today, "run `make picture`"


def test_it_names_what_will_close_and_what_will_open(committed: str) -> None:
    said = " ".join(texts(committed)).replace("\xa0", " ")
    assert "53 (Cuba) was opened outside Pulumi; `pulumi up` closes it." in said
    assert "216 (Tunisia) was opened outside Pulumi; `pulumi up` closes it." in said
    assert "36 (Hungary) was closed outside Pulumi; `pulumi up` opens it." in said


def test_it_fetches_nothing_and_runs_nothing(committed: str) -> None:
    assert re.findall(r"\w+://[^\"')\s]+", committed) == ["http://www.w3.org/2000/svg"]
    assert all(reference.startswith("#") for reference in re.findall(r"url\(([^)]*)\)", committed))
    assert not re.search(r"<script|<image|<use|<foreignObject|@import|href", committed)
