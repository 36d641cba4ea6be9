"""What `mkdocs build` does besides: links that lead out of docs/ become the names of the files that they lead to.

They work where the pages are read in the checkout; the site has the pages alone. A line `--8<-- "FILE"` becomes that
file of the checkout, whose links into docs/ become links between pages. Comments for the tests go.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_CHECKOUT = Path(__file__).parents[1]
_OTHER_FILE = re.compile(r'^--8<-- "([^"]+)"$', re.MULTILINE)
_OUT_OF_DOCS = re.compile(r"(?<!!)\[([^\]]+)\]\(\.\./([^)#]+)(?:#[^)]*)?\)")
_FOR_TESTS = re.compile(r"<!-- test: .*?-->\n?")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page's text, or that of the file that it is, with such links replaced."""
    return _OUT_OF_DOCS.sub(_named, _OTHER_FILE.sub(_included, markdown))


def on_page_content(html: str, **_: Any) -> str:
    """Return a page's HTML without such comments."""
    return _FOR_TESTS.sub("", html)


def _included(line: re.Match[str]) -> str:
    text = (_CHECKOUT / line[1]).read_text(encoding="utf-8")
    # What it links to besides is seen from docs/ as any page sees it.
    return re.sub(r"\]\((?!docs/|#|[a-z]+:)", "](../", text).replace("](docs/", "](")


def _named(link: re.Match[str]) -> str:
    text, path = link.groups()
    return text if path.strip("/") in text else f"{text} (`{path}`)"
