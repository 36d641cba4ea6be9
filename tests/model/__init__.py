"""Searches for histories that lose something. A seed repeats one; `make search` draws it, and all else has this one."""

import os

SEED = int(os.environ.get("SEARCH_SEED") or 2026)
