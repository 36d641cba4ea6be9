"""Where an invariant cannot hold: each of the model's EXCEPTIONS happens once, and what mends it does mend it."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH
from tests.model.model import Plan, Stack
from tests.model.program import Declared, Program
from tests.model.simulation import ALL, ONE, Clock, sandbox_of

HUNGARY = {"a": Declared(ONE, ("36",))}
SMALL: Program = {"w": Declared(ALL, ("36",), "close")}
LARGE: Program = {"w": Declared(ALL, ("36", "53", "58"), "close")}


@pytest.fixture
def stack(clock: Clock) -> Stack:
    return Stack(sandbox_of(open=["44"]), clock)


def fault(fault: str, method: str, **more: Any) -> dict[str, Any]:
    return {"n": 99, "fault": fault, "method": method, **more}


# A write that is carried out although its answer says no, and then a list that cannot be read.
BLIND = Plan(
    faults=[fault("status:503:after", "PUT"), fault("status:403", "GET", path=ALLOWED_PATH, skip=1)],
)


def test_a_creation_of_which_nothing_can_be_seen_is_taken_over_by_the_next_run(stack: Stack) -> None:
    assert "36 (Hungary) may not have been opened" in stack.up(HUNGARY, BLIND).errors[0]
    assert stack.ledger.granted["blind"]
    assert stack.state == {}
    assert stack.sandbox.open_codes == {"36", "44"}
    stack.converge(HUNGARY)
    stack.converge({})
    assert stack.sandbox.open_codes == {"44"}


def test_a_creation_of_which_nothing_can_be_seen_and_that_is_given_up_stays_open(stack: Stack) -> None:
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


def test_a_retained_list_stays_open_and_is_nobody_s(stack: Stack) -> None:
    stack.converge({"w": Declared(ALL, ("36",))})
    stack.converge({})
    assert stack.sandbox.open_codes == {"36"}
    assert stack.ledger.granted["retained"]


def test_an_opening_that_is_believed_and_was_not_done_is_done_by_the_next_run(stack: Stack) -> None:
    plan = Plan(faults=[fault("ignore", "PUT"), fault("status:403", "GET", path=ALLOWED_PATH, skip=1)])
    assert stack.up(HUNGARY, plan).errors == []
    assert stack.ledger.granted["believed"]
    assert stack.sandbox.open_codes == {"44"}
    stack.converge(HUNGARY)


def test_a_swap_with_delete_before_replace_closes_for_a_moment_and_ends_open(stack: Stack) -> None:
    stack.converge({"a": Declared(ONE, ("36",)), "b": Declared(ONE, ("58",))})
    stack.converge({"a": Declared(ONE, ("58",), delete_first=True), "b": Declared(ONE, ("36",), delete_first=True)})
    assert stack.ledger.granted["asked"]
    assert stack.sandbox.open_codes == {"36", "44", "58"}


def test_the_home_direction_that_stays_fails_the_run_and_says_so(stack: Stack) -> None:
    stack.sandbox.set_readings({"R11": "always"})
    stack.sandbox.set_open(["7"])
    stack.converge({"w": Declared(ALL, ("36",))})
    assert stack.ledger.granted["home"]
    stack.converge({"w": Declared(ALL, ("7", "36"))})
    assert stack.sandbox.open_codes == {"7", "36"}
