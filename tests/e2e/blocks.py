"""The blocks of the README that a test of another module runs, in the order of the page."""

from __future__ import annotations

from tests.checkout import CHECKOUT
from tests.pages import blocks


def blocks_for(test: str) -> list[str]:
    """Return the texts of the blocks that say of themselves `by FILE::TEST`."""
    return [block.text for block in blocks(CHECKOUT / "README.md") if ("by", test) in block.words]
