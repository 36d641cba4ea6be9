"""What `mkdocs build` does besides: links that lead out of docs/ become the names of the files that they lead to.

They work where the pages are read in the checkout; the site has the pages alone. Comments for the tests go.
"""

from __future__ import annotations

import re
from typing import Any

_OUT_OF_DOCS = re.compile(r"(?<!!)\[([^\]]+)\]\(\.\./([^)#]+)(?:#[^)]*)?\)")
_FOR_TESTS = re.compile(r"<!-- test: .*?-->\n?")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page's text with such links replaced."""
    return _OUT_OF_DOCS.sub(_named, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Return a page's HTML without such comments."""
    return _FOR_TESTS.sub("", html)


def _named(link: re.Match[str]) -> str:
    text, path = link.groups()
    return text if path.strip("/") in text else f"{text} (`{path}`)"
