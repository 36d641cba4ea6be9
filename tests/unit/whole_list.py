"""What the tests of the whole list's provider share: properties as the engine hands them over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plusofon_pulumi.account.writes import OpenList
from plusofon_pulumi.client import CATALOGUE
from plusofon_pulumi.directions import Direction, by_code
from plusofon_pulumi.provider import AllowedDirectionsProvider
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.unit.support import PAYLOAD

ID = "allowed-directions"
NOT_KNOWN = "Not all codes are known yet: what closes and what opens is only told by the update."
DIRECTIONS: OpenList = by_code(Direction(row.code, row.name, row.english_name) for row in catalogue())
ALL_CODES = sorted(DIRECTIONS)


def inputs(*codes: Any, on_destroy: Any = "retain") -> dict[str, Any]:
    """Return what `check` has made of a program's codes."""
    return {"codes": list(codes), "on_destroy": on_destroy, **PAYLOAD}


def outputs(*codes: str, on_destroy: str = "retain") -> dict[str, Any]:
    """Return what state holds of these codes, but for the host's own."""
    directions = [DIRECTIONS[code] for code in codes]
    return {
        "codes": list(codes),
        "directions": [
            {"code": each.code, "name": each.name, "english_name": each.english_name} for each in directions
        ],
        "on_destroy": on_destroy,
    }


def failures(provider: AllowedDirectionsProvider, news: dict[str, Any], olds: Any = None) -> list[tuple[str, str]]:
    """Return what a check refuses: each time a property and the reason."""
    result = provider.check(olds or {}, {**news, **PAYLOAD})
    return [(each.property, each.reason) for each in result.failures]


def calls(sandbox: Sandbox) -> list[str]:
    """Return the calls that a sandbox has seen since the last time."""
    seen = [request.method + " catalogue" * (request.path == CATALOGUE) for request in sandbox.requests]
    sandbox.clear_requests()
    return seen


def by_api(sandbox: Sandbox) -> list[tuple[str, Sequence[str]]]:
    """Return what the API, and not the owner, has changed."""
    return [(change.event, change.codes) for change in sandbox.history if change.by == "api"]
