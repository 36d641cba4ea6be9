"""How many calls a sandbox had under way at once."""

from __future__ import annotations

import math

from plusofon_pulumi.sandbox import Request, Sandbox


def writes_at_once(sandbox: Sandbox) -> int:
    """Return the largest number of PUT and DELETE calls under way at once."""
    return _most_at_once([each for each in sandbox.requests if each.method != "GET"])


def reads_at_once(sandbox: Sandbox, path: str) -> int:
    """Return the largest number of reads of one list under way at once."""
    return _most_at_once([each for each in sandbox.requests if (each.method, each.path) == ("GET", path)])


def _most_at_once(calls: list[Request]) -> int:
    spans = [(each.began, each.ended or math.inf) for each in calls]
    return max((sum(began <= moment < ended for began, ended in spans) for moment, _ in spans), default=0)
