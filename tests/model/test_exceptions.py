"""Where an invariant cannot hold: each of the model's EXCEPTIONS happens once, and what mends it does mend it."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH
from tests.mistakes import open_directions_or_none
from tests.model.model import EXCEPTIONS, Declared, Plan, Program, Stack
from tests.model.simulation import ALL, ONE, Clock, sandbox_of

HUNGARY = {"a": Declared(ONE, ("36",))}


@pytest.fixture
def stack(clock: Clock) -> Stack:
    return Stack(sandbox_of(open=["44"]), clock)


def fault(fault: str, method: str, **more: Any) -> dict[str, Any]:
    return {"n": 99, "fault": fault, "method": method, **more}


def unseen(skip: int) -> dict[str, Any]:
    """Let the list be unreadable after so many readings of it."""
    return fault("status:403", "GET", path=ALLOWED_PATH, skip=skip)


def granted(stack: Stack, exception: str) -> bool:
    assert exception in EXCEPTIONS
    return bool(stack.granted[exception])


def test_a_creation_of_which_nothing_can_be_seen_is_taken_over_by_the_next_run(stack: Stack) -> None:
    ran = stack.up(HUNGARY, Plan(faults=[fault("status:503:after", "PUT"), unseen(1)]))
    assert "36 (Hungary) may not have been opened" in ran.errors[0]
    assert granted(stack, "blind")
    assert stack.state == {}
    assert stack.sandbox.open_codes == {"36", "44"}
    stack.converge(HUNGARY)
    stack.converge({})
    assert stack.sandbox.open_codes == {"44"}


def test_a_creation_of_which_nothing_can_be_seen_and_that_is_given_up_stays_open(stack: Stack) -> None:
    stack.up(HUNGARY, Plan(faults=[fault("status:503:after", "PUT"), unseen(1)]))
    stack.up({})
    assert stack.sandbox.open_codes == {"36", "44"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_in_a_creation_is_made_good_by_the_next_run(stack: Stack, when: str) -> None:
    # The catalogue, the list, the write.
    ran = stack.up(HUNGARY, Plan(kill=(3, when)))
    assert ran.was_killed
    assert granted(stack, "blind") is (when == "after")
    stack.converge(HUNGARY)


def test_a_half_done_change_of_the_whole_list_is_made_good_by_the_next_run(stack: Stack) -> None:
    first: Program = {"w": Declared(ALL, ("36",), "close")}
    stack.converge(first)
    more: Program = {"w": Declared(ALL, ("36", "53", "58"), "close")}
    stack.sandbox.set_readings({"R10": "good"})
    # The first of two is opened, the answer is lost, and nothing more can be seen.
    stack.up(more, Plan(faults=[fault("status:503:after", "PUT"), unseen(1)]))
    assert stack.sandbox.open_codes == {"36", "53", "58"}
    stack.converge(more)
    stack.destroy()
    assert stack.sandbox.open_codes == set()


def test_a_destroy_after_a_half_done_change_of_the_whole_list_closes_what_state_had_recorded(stack: Stack) -> None:
    stack.converge({"w": Declared(ALL, ("36",), "close")})
    more: Program = {"w": Declared(ALL, ("36", "53", "58"), "close")}
    stack.up(more, Plan(faults=[fault("status:503:after", "PUT"), unseen(1)]))
    stack.destroy()
    assert stack.sandbox.open_codes == {"53", "58"}
    assert granted(stack, "partial")


def test_a_destroy_after_a_refresh_knows_what_a_half_done_change_has_opened(stack: Stack) -> None:
    stack.converge({"w": Declared(ALL, ("36",), "close")})
    more: Program = {"w": Declared(ALL, ("36", "53", "58"), "close")}
    stack.up(more, Plan(faults=[fault("status:503:after", "PUT"), unseen(1)]))
    stack.refresh()
    stack.destroy()
    assert stack.sandbox.open_codes == set()


def test_a_retained_list_stays_open_and_is_nobody_s(stack: Stack) -> None:
    stack.converge({"w": Declared(ALL, ("36",))})
    stack.converge({})
    assert stack.sandbox.open_codes == {"36"}
    assert granted(stack, "retained")


def test_an_opening_that_is_believed_and_was_not_done_is_done_by_the_next_run(stack: Stack) -> None:
    ran = stack.up(HUNGARY, Plan(faults=[fault("ignore", "PUT"), unseen(1)]))
    assert ran.errors == []
    assert granted(stack, "believed")
    assert stack.sandbox.open_codes == {"44"}
    stack.converge(HUNGARY)


def test_an_act_of_the_owner_in_the_same_seconds_is_mended_by_the_next_run(stack: Stack) -> None:
    stack.sandbox.set_open(["36"])
    # Catalogue, then the list; then the owner closes it, and the other code's write is sent.
    program: Program = {"a": Declared(ONE, ("36",)), "b": Declared(ONE, ("58",))}
    ran = stack.up(program, Plan(owner={3: frozenset()}, together=True))
    assert ran.errors == []
    assert granted(stack, "raced")
    assert stack.sandbox.open_codes == {"58"}
    stack.converge(program)


def test_a_swap_with_delete_before_replace_closes_for_a_moment_and_ends_open(stack: Stack) -> None:
    stack.converge({"a": Declared(ONE, ("36",)), "b": Declared(ONE, ("58",))})
    swapped: Program = {
        "a": Declared(ONE, ("58",), delete_first=True),
        "b": Declared(ONE, ("36",), delete_first=True),
    }
    stack.converge(swapped)
    assert granted(stack, "asked")
    assert stack.sandbox.open_codes == {"36", "44", "58"}


def test_the_home_direction_that_stays_fails_the_run_and_says_so(stack: Stack) -> None:
    stack.sandbox.set_readings({"R11": "always"})
    stack.converge({"w": Declared(ALL, ("36",))})
    assert granted(stack, "home")
    stack.converge({"w": Declared(ALL, ("7", "36"))})
    assert stack.sandbox.open_codes == {"7", "36"}


# What the model would not see, it could not find.


def test_the_model_sees_a_declared_code_that_is_closed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    from plusofon_pulumi.account.claims import Claims

    stack.converge(HUNGARY)
    monkeypatch.setattr(Claims, "holds", lambda *_: False)
    with pytest.raises(AssertionError, match="never closed by us"):
        stack.up({"c": Declared(ONE, ("36",))})


def test_the_model_sees_a_code_without_an_owner(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    from plusofon_pulumi.account.claims import Claims

    stack.converge(HUNGARY)
    monkeypatch.setattr(Claims, "refusal", lambda *_: None)
    # The list cannot be read for the creation, and can be for the deletion.
    plan = Plan(faults=[{"n": 1, "fault": "status:403", "method": "GET", "path": ALLOWED_PATH}], goes_on=True)
    with pytest.raises(AssertionError, match="what we have opened is in state"):
        stack.up({"c": Declared(ONE, ("36",))}, plan)


def test_the_model_sees_a_write_of_a_preview(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    from plusofon_pulumi.provider import AllowedDirectionProvider

    check = AllowedDirectionProvider.check

    def eager(provider: AllowedDirectionProvider, olds: dict[str, Any], news: dict[str, Any]) -> Any:
        provider.account().open(news["code"])
        return check(provider, olds, news)

    monkeypatch.setattr(AllowedDirectionProvider, "check", eager)
    with pytest.raises(AssertionError, match="write nothing"):
        stack.preview(HUNGARY)


def test_the_model_sees_an_error_that_is_taken_for_absence(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    from plusofon_pulumi.account import Account

    stack.converge(HUNGARY)
    monkeypatch.setattr(Account, "open_directions", open_directions_or_none)
    with pytest.raises(AssertionError, match="an error never removes"):
        stack.refresh(Plan(faults=[unseen(0)]))
