"""The life of a resource, call by call as the engine makes them, with the account's own list at every step."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Change, Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.host.conftest import StartHost
from tests.host.host import Difference, Found, Host, RefusedError

HUNGARY = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
SAME = Difference(changes=False, replaces=[], delete_before_replace=False)
CLOSED_OUTSIDE = "36 (Hungary) was closed outside Pulumi; `pulumi up` opens it again."
CODES = sorted({row.code for row in catalogue()})


def kinds(sandbox: Sandbox) -> list[str]:
    """List the calls that the sandbox has seen."""
    names = {CATALOGUE_PATH: "catalogue", ALLOWED_PATH: "list"}
    return [names[r.path] if r.method == "GET" else r.method for r in sandbox.requests]


def test_a_resource_lives_from_create_to_destroy(start: StartHost, sandbox: Sandbox) -> None:
    up = start()
    made = up.create(up.check({"code": 36.0}).inputs)
    assert made == Found("36", HUNGARY, {})
    assert sandbox.open_codes == {"36"}
    assert up.diff("36", made.outputs, {"code": "36"}) == SAME

    sandbox.set_open(["58"])
    mend = start()
    news = mend.check({"code": "36"}, {"code": "36"}).inputs
    assert mend.diff("36", made.outputs, news) == Difference(True, [], False)
    assert mend.lines == [CLOSED_OUTSIDE]
    assert mend.update("36", made.outputs, news).outputs == HUNGARY
    assert sandbox.open_codes == {"36", "58"}
    assert mend.read("36", HUNGARY) == Found("36", HUNGARY, {"code": "36"})

    destroy = start()
    destroy.delete("36", HUNGARY)
    assert sandbox.open_codes == {"58"}
    assert destroy.read("36", HUNGARY) == Found("", {}, {})
    destroy.delete("36", HUNGARY)
    assert destroy.stderr == ""
    assert sandbox.history == [
        Change("open", ["36"], "api"),
        Change("close", ["36"], "owner"),
        Change("open", ["58"], "owner"),
        Change("open", ["36"], "api"),
        Change("close", ["36"], "api"),
    ]


def test_a_code_that_is_open_already_is_taken_over_without_a_write(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    assert host.create(host.check({"code": "36"}).inputs) == Found("36", HUNGARY, {})
    assert kinds(sandbox) == ["catalogue", "list"]


def test_a_new_code_costs_four_calls(host: Host, sandbox: Sandbox) -> None:
    host.create(host.check({"code": "36"}).inputs)
    assert kinds(sandbox) == ["catalogue", "list", "PUT", "list"]


def test_fifty_unchanged_codes_cost_one_call(host: Host, sandbox: Sandbox) -> None:
    codes = CODES[:50]
    sandbox.set_open(codes)
    for code in codes:
        news = host.check({"code": code}, {"code": code}).inputs
        assert host.diff(code, {"code": code}, news) == SAME
    assert kinds(sandbox) == ["list"]


# Refresh


def test_refresh_forgets_what_was_closed_in_the_account_and_keeps_the_rest(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    assert host.read("58", {"code": "58"}).id == ""
    assert host.read("36", HUNGARY).id == "36"
    assert kinds(sandbox) == ["list"]


@pytest.mark.parametrize(
    "fault, told",
    [
        ("status:401", "the answer is 401"),
        ("status:403", "the answer is 403"),
        ("status:500", "the answer is 500, «Нет доступа»"),
        ("html:200", "the answer (200) is not JSON"),
        ("reset", "the connection broke"),
    ],
)
def test_refresh_fails_while_the_list_cannot_be_read_and_forgets_nothing(
    start: StartHost, sandbox: Sandbox, fault: str, told: str
) -> None:
    sandbox.fail_next(99, fault)
    host = start()
    with pytest.raises(RefusedError) as refused:
        host.read("36", HUNGARY)
    assert told in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert host.stderr == ""


def test_refresh_asks_diff_with_the_old_inputs_and_hears_of_no_change(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    found = host.read("36", HUNGARY, {"code": "36"})
    assert host.diff("36", found.outputs, {"code": "36"}) == SAME


def test_a_code_that_only_a_diff_with_old_inputs_has_named_is_not_claimed(host: Host, sandbox: Sandbox) -> None:
    """`up --refresh` with a changed code: the old one must be closed in the end."""
    sandbox.set_open(["36"])
    found = host.read("36", HUNGARY, {"code": "36"})
    host.diff("36", found.outputs, {"code": "36"})
    news = host.check({"code": "58"}, {"code": "36"}).inputs
    assert host.diff("36", found.outputs, news) == Difference(True, ["code"], False)
    host.create(host.check({"code": "58"}).inputs)
    host.delete("36", found.outputs)
    assert sandbox.history[-2:] == [Change("open", ["58"], "api"), Change("close", ["36"], "api")]


# Odd states


@pytest.mark.parametrize(
    "olds", [{}, {"codes": ["36"], "directions": [HUNGARY], "on_destroy": "retain"}], ids=["empty", "the whole set's"]
)
def test_outputs_of_another_shape_mean_another_code(host: Host, sandbox: Sandbox, olds: dict[str, Any]) -> None:
    sandbox.set_open(["36"])
    assert host.diff("36", olds, {"code": "36"}) == Difference(True, ["code"], False)


def test_a_resource_without_outputs_is_read_and_deleted_by_its_id(start: StartHost, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    host = start()
    assert host.read("36", {"other": 1}) == Found("36", HUNGARY, {"code": "36"})
    host.delete("36", {})
    assert sandbox.open_codes == set()


def test_names_in_state_stay_as_they_are(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    recorded = {"code": "36", "name": "Венгрия (старое)", "english_name": "Hungary (old)"}
    assert host.read("36", recorded).outputs == recorded
    assert host.diff("36", recorded, {"code": "36"}) == SAME


# Messages


def test_a_fact_is_one_line_however_often_it_is_asked(host: Host) -> None:
    for _ in range(3):
        assert host.diff("36", HUNGARY, {"code": "36"}).changes
    assert host.stderr == f"{CLOSED_OUTSIDE}\n"


def test_each_fact_is_a_line_of_its_own(host: Host) -> None:
    host.diff("36", HUNGARY, {"code": "36"})
    host.diff("58", {"code": "58"}, {"code": "58"})
    assert host.lines == [CLOSED_OUTSIDE, CLOSED_OUTSIDE.replace("36 (Hungary)", "58")]
