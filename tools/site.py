"""What `mkdocs build` does besides: links that lead out of docs/ become the names of the files that they lead to.

They work where the pages are read in the checkout; the site has the pages alone.
"""

from __future__ import annotations

import re
from typing import Any

_OUT_OF_DOCS = re.compile(r"(?<!!)\[([^\]]+)\]\(\.\./([^)#]+)(?:#[^)]*)?\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page's text with such links replaced."""
    return _OUT_OF_DOCS.sub(_named, markdown)


def _named(link: re.Match[str]) -> str:
    text, path = link.groups()
    return text if path.strip("/") in text else f"{text} (`{path}`)"
