"""Life is the same under each reading of what the API's description leaves open, for both kinds of resources."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from plusofon_pulumi.sandbox import READINGS, Sandbox
from tests.e2e.harness import OF_SECOND, Project, second

# Refused: a list without an end (tests/unit/test_client.py), and a PUT that takes away what is open (test_found.py).
REFUSED = {("R14", "cursor"), ("R15", "replaces")}
VALUES = {name: [value for value in each.values if (name, value) not in REFUSED] for name, each in READINGS.items()}
# Each value comes up, in as few runs as there can be; each run reads, opens and closes in both accounts.
TOGETHER = [
    {name: values[place % len(values)] for name, values in VALUES.items()}
    for place in range(max(map(len, VALUES.values())))
]
# Whatever a good answer has besides changes nothing (A4); none of these makes it a page of Laravel's.
MORE = {"count": 255, "limit": 50, "per_page": 15, "total": 255, "page": "x", "more": "…", "offset": 10, "pages": 18}
MORE |= {"pagination": {"size": 15}, "request_id": "7"}


@pytest.mark.parametrize("life", [TOGETHER[::2], TOGETHER[1::2]], ids=["even", "odd"])
def test_life_is_the_same_in_each_reading(project: Project, sandbox: Sandbox, other: Sandbox, life: Any) -> None:
    for account in (sandbox, other):
        account.set_open(["58", "7"])
    for readings, code in zip(life, itertools.cycle(["599", "44"]), strict=False):
        for account in (sandbox, other):
            account.set_readings(readings)
            account.extra = MORE if readings["R14"] == "whole" else {}
        # The home direction is declared wherever it may not be closed.
        program = f"""
            {second(other)}
            plusofon.AllowedDirection("single", code="{code}")
            plusofon.AllowedDirections("account", codes=["{code}", "7"], on_destroy="close"{OF_SECOND})
        """
        project.update(program, "--refresh")
        assert sandbox.open_codes == {"58", "7", code}, readings
        assert other.open_codes == {"7", code}, readings
        # Somebody closes what is declared, and opens what is not.
        sandbox.set_open(["58", "7"])
        other.set_open(["7", "53"])
    project.up().says("~ 2 updated")
    other.set_readings({"R11": "plain"})
    project.destroy()
    assert sandbox.open_codes == {"58", "7"}
    assert other.open_codes == set()
    assert project.resources() == []
