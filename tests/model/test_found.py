"""What a search has found and is mended: as short as the search could make it, so that it stays mended."""

from __future__ import annotations

from plusofon_pulumi.sandbox import ALLOWED_PATH
from tests.model.model import Plan, Stack
from tests.model.program import Declared, Program
from tests.model.simulation import ALL, ONE, Clock, sandbox_of


def test_an_opening_that_is_refused_but_was_carried_out_is_seen_when_it_shows_late(clock: Clock) -> None:
    """Under R13=any the first id opens the code; under R5=400 and R10=good the second is refused, as open already."""
    stack = Stack(sandbox_of(), clock)
    stack.sandbox.set_readings({"R5": "400", "R7": "late", "R10": "good", "R13": "any"})
    stack.converge({"a": Declared(ONE, ("7",))})


def test_the_home_direction_that_stays_is_explained_also_where_the_first_form_of_its_code_was_refused(
    clock: Clock,
) -> None:
    """R12 takes texts only, the list gives numbers: the first DELETE is a 404, the second "succeeds" in nothing."""
    stack = Stack(sandbox_of(open=["7"]), clock)
    stack.sandbox.set_readings({"R2": "number", "R4": "404", "R11": "always", "R12": "strings"})
    [told] = stack.up({"w": Declared(ALL, ("36",))}).errors
    assert "home direction" in told
    assert "base URL" not in told


def test_a_code_whose_new_owner_failed_stays_in_state_also_where_the_list_cannot_be_read_for_its_neighbour(
    clock: Clock,
) -> None:
    """The delete of 53 fails, in one batch with that of 972, which sends nothing: 972 was open, and nobody's."""
    stack = Stack(sandbox_of(), clock)
    singles: Program = {"a": Declared(ONE, ("53",)), "b": Declared(ONE, ("972",))}
    stack.converge(singles)
    stack.sandbox.set_open(["7", "53", "972"])
    unreadable = {"n": 99, "fault": "status:403", "method": "GET", "path": ALLOWED_PATH, "skip": 1}
    assert stack.up({"w": Declared(ALL, ("420", "972"))}, Plan(faults=[unreadable], together=True, goes_on=True)).errors
    assert {code for entry in stack.state.values() for code in entry.recorded} == {"53", "972"}
