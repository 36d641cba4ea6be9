"""Redaction: removes the token from whatever a server said, before anybody sees it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote


def redactor(token: str) -> Callable[[str], str]:
    """Return a function that replaces the token by ``***``: as it is, and as JSON, a URL or HTML writes it."""
    in_json = json.dumps(token)[1:-1]
    forms = {token, in_json, in_json.replace("/", "\\/"), quote(token), quote(token, safe=""), html.escape(token)}
    pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)), re.IGNORECASE)
    return lambda text: pattern.sub("***", text)


def redact_all(value: Any, redact: Callable[[str], str]) -> Any:
    """Return decoded JSON with its texts redacted. Of the keys, only those of rows can be shown to anybody."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [redact_all(each, redact) for each in value]
    if isinstance(value, dict):
        return {redact(key) if isinstance(each, dict) else key: redact_all(each, redact) for key, each in value.items()}
    return value
