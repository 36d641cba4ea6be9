"""The hook of `mkdocs build`: include files of the checkout, and let links out of docs/ lead to pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
# The files of the checkout that are pages of the site.
PAGES = {"README.md": "index.md", "README.ru.md": "russian.md", "ARCHITECTURE.md": "architecture.md"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace a line `--8<-- "FILE"` with that file, and links to files that the site does not have."""
    markdown = re.sub(r'^--8<-- "([^"]+)"$', _included, markdown, flags=re.MULTILINE)
    return re.sub(r"(?<!!)\[([^\]]+)\]\(\.\./([^)#]+)(?:#[^)]*)?\)", _named, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Remove the comments for the tests."""
    return re.sub(r"<!-- test: .*?-->\n?", "", html)


def _included(line: re.Match[str]) -> str:
    text = (CHECKOUT / line[1]).read_text(encoding="utf-8")
    return re.sub(r"\]\((?!docs/|#|[a-z]+:)", "](../", text).replace("](docs/", "](")


def _named(link: re.Match[str]) -> str:
    text, path = link.groups()
    if path in PAGES:
        return f"[{text}]({PAGES[path]})"
    return text if path.strip("/") in text else f"{text} (`{path}`)"
