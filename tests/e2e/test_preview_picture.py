"""The picture of a preview shows what the engine and the package say today."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from tools.engine import VERSION, version_of

PICTURE = Path(__file__).parents[2] / "docs" / "preview.svg"


def texts(svg: str) -> list[str]:
    """Return the words of a picture, sorted: the engine decides which message comes first."""
    written = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314  # our own file
    return sorted("".join(each.itertext()).replace("\xa0", " ").strip() for each in written)


def of_ours(written: list[str]) -> list[str]:
    return [line for line in written if re.match(r"(will \w+ )?\d+ \(", line)]


def test_it_shows_what_a_terminal_shows_today_and_each_message_once(engine: Path) -> None:
    # Not above: only the development environment has the libraries that draw.
    from tools import preview_picture

    drawn = texts(PICTURE.read_text(encoding="utf-8"))
    today = texts(preview_picture.draw(preview_picture.preview(engine)))
    assert of_ours(drawn) == of_ours(today), "run `make picture`"
    assert len(set(of_ours(today))) == len(of_ours(today)) >= 2
    assert any("└─" in line for line in today)
    # Another CLI, which may be on PATH, says the rest in its own way.
    if version_of(str(engine / "pulumi"), "version") == tuple(map(int, VERSION.split("."))):
        assert drawn == today, "run `make picture`"
