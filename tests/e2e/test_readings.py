"""Life is the same under each reading of what the API's description leaves open, for both kinds of resources."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import READINGS, Sandbox
from tests.e2e.conftest import MakeProject
from tests.e2e.harness import OF_SECOND, second

# Refused, and not played through: a list without an end, and a PUT that takes away what is open (test_found.py).
REFUSED = {("R14", "cursor"), ("R14", "foreign"), ("R15", "replaces")}
VALUES = {
    name: [value for value in reading.values if (name, value) not in REFUSED] for name, reading in READINGS.items()
}
# Each value comes up, in as few lives as there can be: half of them rule a life's beginning, and half its end.
TOGETHER = [
    {name: values[place % len(values)] for name, values in VALUES.items()}
    for place in range(max(map(len, VALUES.values())))
]
HALF = (len(TOGETHER) + 1) // 2
# Whatever a good answer has besides changes nothing (A4); none of these makes it a page of Laravel's.
MORE = {"count": 255, "limit": 50, "per_page": 15, "total": 255, "page": "x", "more": "…", "offset": 10, "pages": 18}
MORE |= {"pagination": {"size": 15}, "request_id": "7"}


@pytest.mark.parametrize("begins,ends", [*zip(TOGETHER[:HALF], TOGETHER[-HALF:], strict=True)], ids=range(HALF))
def test_the_life_of_a_direction_and_of_a_whole_list_is_the_same(
    make_project: MakeProject, begins: dict[str, str], ends: dict[str, str]
) -> None:
    # The home direction is declared wherever it may not be closed.
    with Sandbox(open=["58", "7"], readings=begins) as single, Sandbox(open=["58", "7"], readings=begins) as whole:
        single.extra = whole.extra = MORE if begins["R14"] == "whole" else {}
        program = f"""
            {second(whole)}
            plusofon.AllowedDirection("curacao", code="599")
            plusofon.AllowedDirections("account", codes=["599", "7"]{OF_SECOND})
        """
        project = make_project(program, single)
        project.up()
        assert single.open_codes == {"58", "7", "599"}
        assert whole.open_codes == {"7", "599"}
        single.set_open(["7"])
        whole.set_open(["7", "53"])
        project.up().says("~ 2 updated")
        assert single.open_codes == whole.open_codes == {"7", "599"}

        single.extra = whole.extra = {}
        single.set_readings(ends)
        whole.set_readings(ends)
        project.refresh().says("4 unchanged")
        project.update(program.replace('["599", "7"]', '["7"]').replace('"599"', '"44"'))
        assert single.open_codes == {"7", "44"}
        assert whole.open_codes == {"7"}
        project.destroy()
        assert single.open_codes == whole.open_codes == {"7"}
        assert project.resources() == []
