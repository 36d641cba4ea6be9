"""Life is the same under each reading of what the API's description leaves open, for both kinds of resources."""

from __future__ import annotations

import pytest

from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.readings import READINGS
from tests.e2e.conftest import MakeProject

# R14=foreign is the one reading that is refused, not played through: tests/e2e/test_errors.py.
PLAYED = [(name, value) for name, reading in READINGS.items() for value in reading.values if value != "foreign"]


@pytest.mark.parametrize("name,value", PLAYED, ids=[f"{name}={value}" for name, value in PLAYED])
def test_the_life_of_a_direction_and_of_a_whole_list_is_the_same_under(
    make_project: MakeProject, name: str, value: str
) -> None:
    readings = {name: value}
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
