"""Redaction: the token is taken out of whatever a server said before anybody sees it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus


def redactor(token: str) -> Callable[[str], str]:
    """Return a function that replaces the token by ``***``: as it is, and as JSON, a URL or HTML writes it."""
    in_json = json.dumps(token)[1:-1]
    forms = {
        *(token, in_json, in_json.replace("/", "\\/"), quote(token, safe=""), quote(token), quote_plus(token)),
        *(html.escape(token), html.escape(token, quote=False)),
    }
    longest_first = sorted(forms, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
    return lambda text: pattern.sub("***", text)
