"""Life is the same under each reading of what the API's description leaves open, for both kinds of resources."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import READINGS, Sandbox
from tests.e2e.conftest import MakeProject

# Refused, and not played through: a list without an end, and a PUT that takes away what is open (test_found.py).
REFUSED = {("R14", "cursor"), ("R14", "foreign"), ("R15", "replaces")}
VALUES = {
    name: [value for value in reading.values if (name, value) not in REFUSED] for name, reading in READINGS.items()
}
# Each value comes up, in as few lives as there can be.
TOGETHER = [
    {name: values[place % len(values)] for name, values in VALUES.items()}
    for place in range(max(map(len, VALUES.values())))
]


@pytest.mark.parametrize("readings", TOGETHER, ids=range(len(TOGETHER)))
def test_the_life_of_a_direction_and_of_a_whole_list_is_the_same(
    make_project: MakeProject, readings: dict[str, str]
) -> None:
    # The home direction is declared wherever it may not be closed.
    with Sandbox(open=["58", "7"], readings=readings) as single, Sandbox(open=["58", "7"], readings=readings) as whole:
        program = f"""
            other = plusofon.Provider("other", token="{whole.token}", base_url="{whole.url}")
            opts = pulumi.ResourceOptions(provider=other)
            plusofon.AllowedDirection("curacao", code="599")
            plusofon.AllowedDirections("account", codes=["599", "7"], opts=opts)
        """
        project = make_project(program, single)
        project.up()
        assert single.open_codes == {"58", "7", "599"}
        assert whole.open_codes == {"7", "599"}
        single.set_open(["7"])
        whole.set_open(["7", "53"])
        assert "~ 2 updated" in project.up().output
        assert single.open_codes == whole.open_codes == {"7", "599"}
        assert "4 unchanged" in project.refresh().output
        project.write(program.replace('["599", "7"]', '["7"]').replace('"599"', '"44"'))
        project.up()
        assert single.open_codes == {"7", "44"}
        assert whole.open_codes == {"7"}
        project.destroy()
        assert single.open_codes == whole.open_codes == {"7"}
        assert project.resources() == []
