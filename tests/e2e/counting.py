"""How many calls a run of the CLI has cost, counted by the sandbox."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from plusofon_pulumi.account.snapshot import MAX_AGE
from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plusofon_pulumi.sandbox import Sandbox
    from tests.e2e.harness import Result

LIST, CATALOGUE, PUT = ("GET", ALLOWED_PATH), ("GET", CATALOGUE_PATH), ("PUT", ALLOWED_PATH)


def calls(sandbox: Sandbox) -> Counter[tuple[str, str]]:
    """Return the calls since the last time."""
    counted = Counter((request.method, request.path) for request in sandbox.requests)
    sandbox.clear_requests()
    return counted


def asked_again(seconds: float) -> int:
    """Return how often a run may have asked for the list once more because what it knew of it had grown old."""
    return int(seconds / MAX_AGE)


def check_cost(sandbox: Sandbox, result: Result, expected: Mapping[tuple[str, str], int]) -> None:
    """See that a run made these calls since the last time; a slow one may have asked for the list more often."""
    made = calls(sandbox)
    again = made[LIST] - expected.get(LIST, 0)
    as_expected = 0 <= again <= asked_again(result.seconds) and made - Counter({LIST: again}) == expected
    assert as_expected, f"it cost {dict(made)}, not {dict(expected)}: {result}"
