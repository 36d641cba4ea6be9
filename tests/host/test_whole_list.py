"""The whole list in the SDK's own host, call by call as the engine makes them."""

from __future__ import annotations

import base64
import pickletools
from functools import partial
from typing import Any

import dill
import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.output import Unknown

from plusofon_pulumi import identity
from plusofon_pulumi.provider import AllowedDirectionsProvider
from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Change, Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.frozen import DIRECTIONS_PROVIDER
from tests.host.conftest import StartHost
from tests.host.host import UNKNOWN, Difference, Found, Host, RefusedError, at_once

ID = "allowed-directions"
SAME = Difference(changes=False, replaces=[], delete_before_replace=False)
CHANGED = Difference(changes=True, replaces=[], delete_before_replace=False)
HUNGARY = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
VENEZUELA = {"code": "58", "name": "Венесуэла", "english_name": "Venezuela"}
CUBA = {"code": "53", "name": "Куба", "english_name": "Cuba"}
NOT_KNOWN = "Not all codes are known yet: what closes and what opens is only told by the update."
ALL_CODES = sorted({row.code for row in catalogue()})


def whole(codes: Any, on_destroy: str = "retain") -> dict[str, Any]:
    """Return properties of a whole list as the engine sends them: with the provider that they belong to."""
    return {"codes": codes, "on_destroy": on_destroy, "__provider": DIRECTIONS_PROVIDER}


def state(*directions: dict[str, str], on_destroy: str = "retain") -> dict[str, Any]:
    """Return the outputs of a whole list."""
    codes = [direction["code"] for direction in directions]
    return {"codes": codes, "directions": list(directions), "on_destroy": on_destroy}


def kept(outputs: dict[str, Any]) -> dict[str, Any]:
    return {**outputs, "__provider": DIRECTIONS_PROVIDER}


def kinds(sandbox: Sandbox) -> list[str]:
    """List the calls that the sandbox has seen since the last time."""
    names = {CATALOGUE_PATH: "catalogue", ALLOWED_PATH: "list"}
    seen = [names[request.path] if request.method == "GET" else request.method for request in sandbox.requests]
    sandbox.clear_requests()
    return seen


# What state holds


def test_the_serialized_provider_is_the_constant_that_stacks_hold() -> None:
    assert serialize_provider(AllowedDirectionsProvider()) == DIRECTIONS_PROVIDER == identity.DIRECTIONS_PROVIDER
    assert type(dill.loads(base64.b64decode(DIRECTIONS_PROVIDER))) is AllowedDirectionsProvider  # noqa: S301  # our own constant
    assert AllowedDirectionsProvider.serialize_as_secret_always is False


def test_the_constant_is_a_reference_to_our_class_without_arguments_and_state() -> None:
    operations = [
        (operation.name, argument)
        for operation, argument, _ in pickletools.genops(base64.b64decode(DIRECTIONS_PROVIDER))
        if operation.name not in ("PROTO", "FRAME", "MEMOIZE")
    ]
    assert operations == [
        ("SHORT_BINUNICODE", "plusofon_pulumi.provider"),
        ("SHORT_BINUNICODE", "AllowedDirectionsProvider"),
        ("STACK_GLOBAL", None),
        ("EMPTY_TUPLE", None),
        ("REDUCE", None),
        ("STOP", None),
    ]


# Its life


def test_a_whole_list_lives_from_create_to_destroy(start: StartHost, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    up = start()
    checked = up.check(whole(["+58", 36, "36"], "close"))
    assert (checked.inputs, checked.failures) == ({"codes": ["36", "58"], "on_destroy": "close"}, [])
    assert up.lines == [
        "53 (Cuba) is open and not declared; `pulumi up` closes it.",
        "36 (Hungary) is declared and not open; `pulumi up` opens it.",
        "58 (Venezuela) is declared and not open; `pulumi up` opens it.",
    ]
    made = up.create(kept(checked.inputs))
    assert made == Found(ID, state(HUNGARY, VENEZUELA, on_destroy="close"), {})
    assert kinds(sandbox) == ["catalogue", "list", "DELETE", "PUT", "list"]

    sandbox.set_open(["36", "53"])
    mend = start()
    news = mend.check(whole(["36", "58"], "close"), kept(checked.inputs)).inputs
    assert mend.diff(ID, kept(made.outputs), kept(news)) == CHANGED
    assert mend.lines == [
        "53 (Cuba) was opened outside Pulumi; `pulumi up` closes it.",
        "58 (Venezuela) was closed outside Pulumi; `pulumi up` opens it.",
    ]
    assert mend.update(ID, kept(made.outputs), kept(news)).outputs == made.outputs
    assert sandbox.open_codes == {"36", "58"}

    again = start()
    kinds(sandbox)
    news = again.check(whole(["58", "36"], "close"), kept(checked.inputs)).inputs
    assert again.diff(ID, kept(made.outputs), kept(news)) == SAME
    assert again.read(ID, kept(made.outputs)) == Found(ID, made.outputs, checked.inputs)
    assert kinds(sandbox) == ["list"]

    destroy = start()
    destroy.delete(ID, kept(made.outputs))
    assert sandbox.open_codes == set()
    assert again.stderr == destroy.stderr == ""
    assert sandbox.history[-1] == Change("close", ["36", "58"], "api")


def test_refresh_takes_drift_in_as_outputs_and_inputs_and_calls_it_drift(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["53", "36"])
    found = host.read(ID, kept(state(HUNGARY, VENEZUELA)), whole(["36", "58"]))
    assert found == Found(ID, state(HUNGARY, CUBA), {"codes": ["36", "53"], "on_destroy": "retain"})
    assert host.diff(ID, kept(found.outputs), whole(["36", "58"])) == CHANGED
    assert host.stderr == "", "a refresh asks with the old inputs, which are not the program's"
    news = host.check(whole(["36", "58"]), whole(["36", "53"])).inputs
    assert host.diff(ID, kept(found.outputs), kept(news)) == CHANGED
    assert host.lines == [
        "53 (Cuba) was opened outside Pulumi; `pulumi up` closes it.",
        "58 (Venezuela) was closed outside Pulumi; `pulumi up` opens it.",
    ]
    assert kinds(sandbox) == ["list", "catalogue"]


def test_an_empty_list_is_a_list_in_every_call(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    made = host.create(kept(host.check(whole([])).inputs))
    assert made == Found(ID, state(), {})
    assert sandbox.open_codes == set()
    assert host.read(ID, kept(made.outputs)) == Found(ID, state(), {"codes": [], "on_destroy": "retain"})
    assert host.diff(ID, kept(made.outputs), whole([])) == SAME


def test_a_retained_list_is_told_code_by_code_and_nothing_is_called(host: Host, sandbox: Sandbox) -> None:
    host.delete(ID, kept(state(HUNGARY, CUBA)))
    assert host.lines == [
        '36 (Hungary) stays open: on_destroy is "retain".',
        '53 (Cuba) stays open: on_destroy is "retain".',
    ]
    assert kinds(sandbox) == []


# What comes over the wire


def test_elements_that_are_not_known_yet_come_back_unknown_beside_the_known_ones(host: Host, sandbox: Sandbox) -> None:
    checked = host.check(whole(["58", UNKNOWN, 36]), whole(["36"]))
    assert checked.failures == []
    *known, last = checked.inputs["codes"]
    assert known == ["36", "58"]
    assert isinstance(last, Unknown)
    assert host.diff(ID, kept(state(HUNGARY)), whole(["36", "58", UNKNOWN])) == CHANGED
    assert host.lines == [NOT_KNOWN]
    assert kinds(sandbox) == ["catalogue", "list"]


def test_a_list_that_is_not_known_yet_comes_back_unknown_and_asks_nobody(host: Host, sandbox: Sandbox) -> None:
    checked = host.check(whole(UNKNOWN))
    assert isinstance(checked.inputs["codes"], Unknown)
    assert checked.failures == []
    assert host.diff(ID, kept(state(HUNGARY)), whole(UNKNOWN)) == CHANGED
    assert kinds(sandbox) == []


@pytest.mark.parametrize(
    "codes, failures",
    [
        (["36", None], [("", "codes[1]: None is not a calling code")]),
        ([None, ""], [("", "codes[0]: None is not a calling code"), ("", "codes[1]: '' is not a calling code")]),
        (["36", True, 3.5], [("", "codes[1]: True is not"), ("", "codes[2]: 3.5 is not a calling code")]),
        (["999", "36"], [("", "codes[0]: Plusofon's catalogue has no direction with the calling code 999")]),
        (None, [("codes", "it is missing: give the list of codes that are open; an empty list closes everything")]),
        ("36", [("codes", 'it is not a list: give the codes as in ["7", "36"]')]),
        ({"36": True}, [("codes", "it is not a list")]),
    ],
)
def test_what_is_no_list_of_codes_is_refused(host: Host, codes: Any, failures: list[tuple[str, str]]) -> None:
    told = host.check(whole(codes)).failures
    assert [place for place, _ in told] == [place for place, _ in failures]
    for (_, reason), (_, expected) in zip(told, failures, strict=True):
        assert expected in reason
    assert host.stderr == ""


def test_a_failed_write_is_one_line_and_the_next_run_finishes(start: StartHost, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    sandbox.fail_next(1, "status:403", method="DELETE")
    with pytest.raises(RefusedError, match=r"53 \(Cuba\) was not closed: DELETE ") as refused:
        start().create(whole(["36"]))
    assert "Traceback" not in str(refused.value)
    assert sandbox.open_codes == {"53"}
    start().create(whole(["36"]))
    assert sandbox.open_codes == {"36"}


# Both kinds in one process


def test_both_kinds_share_one_catalogue_one_list_and_their_claims(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["36", "58"])
    assert host.check(whole(["36", "58"]), whole(["36"])).failures == []
    assert host.check({"code": "36"}).failures == []
    assert host.diff("36", HUNGARY, {"code": "36"}) == SAME
    assert host.diff(ID, kept(state(HUNGARY)), whole(["36", "58"])) == CHANGED
    assert kinds(sandbox) == ["catalogue", "list"]
    host.delete("58", VENEZUELA)
    assert host.lines == ["58 (Venezuela) stays open: the program declares it."]
    assert sandbox.open_codes == {"36", "58"}


def test_the_list_writes_nothing_where_it_would_close_what_a_single_direction_declares(
    host: Host, sandbox: Sandbox
) -> None:
    sandbox.set_open(["58", "53"])
    assert host.check({"code": "58"}).failures == []
    with pytest.raises(RefusedError) as refused:
        host.create(kept(host.check(whole(["36"])).inputs))
    assert "58 (Venezuela) was not closed: an AllowedDirection of this program declares the code" in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert sandbox.calls("PUT") == sandbox.calls("DELETE") == 0


def test_a_list_made_at_once_with_its_single_directions_ends_as_declared(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    codes = ALL_CODES[:20]
    news = host.check(whole(codes)).inputs
    for code in codes:
        host.check({"code": code})
    at_once([partial(host.create, kept(news)), *(partial(host.create, {"code": code}) for code in codes)])
    assert sandbox.open_codes == set(codes)
    assert sandbox.max_writes_under_way == 1
    assert host.diff(ID, kept(state()), whole(codes)) == CHANGED, "state lacks them"
    assert [change.event for change in sandbox.history if change.by == "api"].count("close") == 1
