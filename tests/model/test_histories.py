"""Histories that are known: what the EXCEPTIONS leave open is mended, and what a search has found stays mended.

"retained", "asked" and "home" are on the real engine: test_life, test_moves and test_errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH
from tests.model.model import Plan, Stack
from tests.model.program import Declared, Program
from tests.model.simulation import ALL, ONE, sandbox_of, simulated

HUNGARY = {"a": Declared(ONE, ("36",))}
SMALL: Program = {"w": Declared(ALL, ("36",), "close")}
LARGE: Program = {"w": Declared(ALL, ("36", "53", "58"), "close")}


@pytest.fixture
def stack() -> Iterator[Stack]:
    with simulated() as clock:
        yield Stack(sandbox_of(open=["44"]), clock)


def fault(fault: str, method: str) -> dict[str, Any]:
    return {"n": 99, "fault": fault, "method": method}


# The list can be read once, before the write.
UNREADABLE = {**fault("status:403", "GET"), "path": ALLOWED_PATH, "skip": 1}
# A write that is carried out although its answer says no, and then a list that cannot be read.
BLIND = Plan(faults=[fault("status:503:after", "PUT"), UNREADABLE])


def test_a_creation_that_cannot_be_seen_is_taken_over_or_stays_open_if_given_up(stack: Stack) -> None:
    assert "36 (Hungary) may not have been opened" in stack.up(HUNGARY, BLIND).errors[0]
    assert stack.ledger.granted["blind"]
    assert stack.state == {}
    assert stack.sandbox.open_codes == {"36", "44"}
    stack.converge(HUNGARY)
    stack.converge({})
    assert stack.sandbox.open_codes == {"44"}
    stack.up(HUNGARY, BLIND)
    stack.up({})
    assert stack.sandbox.open_codes == {"36", "44"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_in_a_creation_is_made_good_by_the_next_run(stack: Stack, when: str) -> None:
    # The catalogue, the list, the write.
    assert stack.up(HUNGARY, Plan(kill=(3, when))).was_killed
    assert bool(stack.ledger.granted["blind"]) is (when == "after")
    stack.converge(HUNGARY)


@pytest.mark.parametrize("then", ["up", "destroy", "refresh and destroy"])
def test_a_half_done_change_of_the_whole_list_is_known_after_an_up_or_a_refresh(stack: Stack, then: str) -> None:
    stack.converge(SMALL)
    stack.up(LARGE, BLIND)
    assert stack.sandbox.open_codes == {"36", "53", "58"}
    if then == "up":
        stack.converge(LARGE)
    elif then != "destroy":
        stack.refresh()
    stack.destroy()
    # A destroy that has read nothing since closes what state had recorded.
    assert stack.sandbox.open_codes == ({"53", "58"} if then == "destroy" else set())
    assert stack.ledger.granted["partial"]


def test_an_opening_that_is_believed_and_was_not_done_is_done_by_the_next_run(stack: Stack) -> None:
    assert stack.up(HUNGARY, Plan(faults=[fault("ignore", "PUT"), UNREADABLE])).errors == []
    assert stack.ledger.granted["believed"]
    assert stack.sandbox.open_codes == {"44"}
    stack.converge(HUNGARY)


def test_an_opening_that_is_refused_but_was_carried_out_is_seen_when_it_shows_late(stack: Stack) -> None:
    """Under R13=any the first id opens the code; under R5=400 and R10=good the second is refused, as open already."""
    stack.sandbox.set_readings({"R5": "400", "R7": "late", "R10": "good", "R13": "any"})
    stack.converge({"a": Declared(ONE, ("7",))})


def test_the_home_direction_is_explained_also_where_the_first_form_of_its_code_was_refused(stack: Stack) -> None:
    """R12 takes texts only, the list gives numbers: the first DELETE is a 404, the second "succeeds" in nothing."""
    stack.sandbox.set_open(["7"])
    stack.sandbox.set_readings({"R2": "number", "R4": "404", "R11": "always", "R12": "strings"})
    [told] = stack.up({"w": Declared(ALL, ("36",))}).errors
    assert "home direction" in told
    assert "base URL" not in told


def test_a_code_whose_new_owner_failed_stays_in_state_beside_a_neighbour_that_fails(stack: Stack) -> None:
    """The delete of 53 fails, in one batch with that of 972, which sends nothing: 972 was open, and nobody's."""
    stack.converge({"a": Declared(ONE, ("53",)), "b": Declared(ONE, ("972",))})
    stack.sandbox.set_open(["7", "53", "972"])
    assert stack.up({"w": Declared(ALL, ("420", "972"))}, Plan(faults=[UNREADABLE], together=True, goes_on=True)).errors
    assert {code for entry in stack.state.values() for code in entry.recorded} == {"53", "972"}
