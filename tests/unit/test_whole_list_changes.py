"""The provider of the whole list, called in this process on a sandbox: drift, and what it changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from plusofon_pulumi.provider import AllowedDirectionsProvider
from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from tests.unit.conftest import StartPlugin
from tests.unit.support import PAYLOAD, UNKNOWN
from tests.unit.whole_list import ALL_CODES, ID, NOT_KNOWN, by_api, calls, inputs, outputs

CUBA_OPENED = "53 (Cuba) was opened outside Pulumi; `pulumi up` closes it."
CUBA_UNDECLARED = "53 (Cuba) is open and not declared; `pulumi up` closes it."
HUNGARY_CLOSED = "36 (Hungary) was closed outside Pulumi; `pulumi up` opens it."
HUNGARY_DECLARED = "36 (Hungary) is declared and not open; `pulumi up` opens it."
RENAMED = {"code": "36", "name": "Унгария", "english_name": "Magyarország"}


# Diff


@pytest.mark.parametrize(
    "live, olds, news, changes, told",
    [
        (["36", "7"], outputs("36", "7"), inputs("36", "7"), False, []),
        (["36", "7"], outputs("7", "36"), inputs("36", "7"), False, []),
        ([], outputs(), inputs(), False, []),
        (["36", "53"], outputs("36"), inputs("36"), True, [CUBA_OPENED]),
        ([], outputs("36"), inputs("36"), True, [HUNGARY_CLOSED]),
        (["53"], outputs("36"), inputs("36"), True, [CUBA_OPENED, HUNGARY_CLOSED]),
        (["53"], outputs(), inputs(), True, [CUBA_OPENED]),
        (["53"], outputs("53"), inputs("36"), True, [CUBA_UNDECLARED, HUNGARY_DECLARED]),
        (["53"], outputs(), inputs("36"), True, [CUBA_OPENED, HUNGARY_DECLARED]),
        ([], outputs("36", "53"), inputs("36"), True, [HUNGARY_CLOSED]),
        (["36"], outputs("36", "53"), inputs("36"), True, []),
        (["36", "53"], outputs("36"), inputs("36", "53"), True, []),
        (["36"], outputs("36"), inputs("36", on_destroy="close"), True, []),
        (["36"], outputs("36", on_destroy="close"), inputs("36", on_destroy="close"), False, []),
        (["36"], {"code": "36", "name": "", "english_name": "Hungary"}, inputs("36"), True, []),
        (["36"], {**outputs(), "directions": "36", "codes": ["36"]}, inputs("36"), True, []),
        (["36"], {**outputs(), "directions": ["36", None]}, inputs("36"), True, []),
        ([], {}, inputs(), True, []),
    ],
)
def test_diff_compares_what_is_declared_with_what_is_open_and_with_state(
    whole: AllowedDirectionsProvider,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
    live: list[str],
    olds: dict[str, Any],
    news: dict[str, Any],
    changes: bool,
    told: list[str],
) -> None:
    sandbox.set_open(live)
    whole.check(inputs(*olds.get("codes", ["36"])), news)
    for _ in range(2):
        result = whole.diff(ID, {**olds, **PAYLOAD}, news)
        assert result.changes is changes
        assert not result.replaces
        assert not result.delete_before_replace
    assert capsys.readouterr().err.splitlines() == told
    assert sandbox.calls("GET", ALLOWED_PATH) == 1


@pytest.mark.parametrize("codes", [UNKNOWN, ["36", UNKNOWN], None, "36"])
def test_diff_of_codes_that_are_not_known_yet_is_a_change_and_asks_nobody(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], codes: Any
) -> None:
    for _ in range(2):
        assert whole.diff(ID, outputs("36"), {"codes": codes, "on_destroy": "retain"}).changes is True
    assert capsys.readouterr().err == f"{NOT_KNOWN}\n"
    assert calls(sandbox) == []


def test_diff_of_a_choice_that_is_not_known_yet_is_a_change(whole: AllowedDirectionsProvider, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    assert whole.diff(ID, outputs("36"), inputs("36", on_destroy=UNKNOWN)).changes is True


def test_a_refresh_tells_nothing_for_its_inputs_say_nothing_of_the_program(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.set_open(["53"])
    assert whole.diff(ID, outputs("36"), inputs("36")).changes is True
    assert capsys.readouterr() == ("", "")


def test_drift_is_told_by_the_names_that_state_has(
    whole: AllowedDirectionsProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    whole.check(inputs("36"), inputs("36"))
    whole.diff(ID, {**outputs(), "directions": [RENAMED]}, inputs("36"))
    assert capsys.readouterr().err.startswith("36 (Magyarország) was closed outside Pulumi;")


def test_drift_that_a_refresh_in_the_same_process_took_in_is_told_as_drift(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """`preview --refresh`: `read` alone sees what state recorded; `diff` is then asked with old inputs and with new."""
    sandbox.set_open(["53"])
    found = whole.read(ID, outputs("36"))
    assert found.outs is not None
    for news in (inputs("36"), inputs("36"), inputs("36", "58")):
        whole.check(inputs("36"), news)
        assert whole.diff(ID, found.outs, news).changes is True
    venezuela = "58 (Venezuela) is declared and not open; `pulumi up` opens it."
    assert capsys.readouterr().err.splitlines() == [CUBA_OPENED, HUNGARY_CLOSED, venezuela]


def test_drift_that_an_earlier_refresh_took_in_is_told_as_what_state_has(
    whole: AllowedDirectionsProvider,
    start_plugin: StartPlugin,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sandbox.set_open(["53"])
    found = whole.read(ID, outputs("36"))
    assert found.outs is not None
    again = start_plugin(sandbox).whole
    again.check(found.inputs or {}, inputs("36"))
    again.diff(ID, found.outs, inputs("36"))
    assert capsys.readouterr().err.splitlines() == [CUBA_UNDECLARED, HUNGARY_DECLARED]


# Read


@pytest.mark.parametrize("live", [[], ["36"], ["53", "7", "36"], ALL_CODES])
@pytest.mark.parametrize("on_destroy", ["retain", "close"])
def test_read_gives_what_is_open_as_outputs_and_as_inputs(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, live: list[str], on_destroy: str
) -> None:
    sandbox.set_open(live)
    state = {"on_destroy": on_destroy, **PAYLOAD, **({"directions": []} if live else {})}
    result = whole.read(ID, state)
    codes = sorted(live)
    assert result.id == ID
    assert result.inputs == {"codes": codes, "on_destroy": on_destroy}
    assert result.outs is not None
    assert [each["code"] for each in result.outs["directions"]] == result.outs["codes"] == codes
    assert result.inputs["codes"] is not result.outs["codes"]
    assert result.outs["on_destroy"] == on_destroy
    assert calls(sandbox) == ["GET"]


def test_read_keeps_the_names_that_state_has_and_takes_the_lists_for_the_others(
    whole: AllowedDirectionsProvider, sandbox: Sandbox
) -> None:
    sandbox.set_open(["36", "53"])
    result = whole.read(ID, {"directions": [RENAMED]})
    assert result.outs is not None
    assert result.outs["directions"] == [RENAMED, *outputs("53")["directions"]]
    assert result.outs["on_destroy"] == "retain", "where state has none"


# Create and update


@pytest.mark.parametrize("act", ["create", "update"])
@pytest.mark.parametrize("live", [[], ["53"], ["36"], ["36", "58"], ["53", "58", "998"], ["36", "58", "53"]])
@pytest.mark.parametrize("codes", [[], ["36", "58"]])
def test_exactly_the_declared_codes_are_open_and_the_outputs_are_complete(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, act: str, live: list[str], codes: list[str]
) -> None:
    sandbox.set_open(live)
    news = inputs(*codes, on_destroy="close")
    if act == "create":
        created = whole.create(news)
        assert created.id == ID
        outs = created.outs
    else:
        outs = whole.update(ID, outputs("998"), news).outs
    assert outs == outputs(*codes, on_destroy="close")
    assert json.loads(json.dumps(outs)) == outs
    assert sandbox.open_codes == set(codes)
    closed, opened = sorted(set(live) - set(codes), key=int), sorted(set(codes) - set(live), key=int)
    assert by_api(sandbox) == [("close", closed)] * bool(closed) + [("open", opened)] * bool(opened)
    catalogue = ["GET catalogue"] if opened else []
    look = ["GET"] if closed or opened else []
    assert calls(sandbox) == ["GET", *catalogue, *["DELETE"] * bool(closed), *["PUT"] * bool(opened), *look]


def test_two_hundred_codes_take_five_calls_and_nothing_to_do_takes_one(
    whole: AllowedDirectionsProvider, start_plugin: StartPlugin, sandbox: Sandbox
) -> None:
    undeclared, *codes = ALL_CODES
    sandbox.set_open([undeclared])
    assert whole.check({}, {"codes": codes}).failures == []
    state = whole.create(inputs(*codes)).outs
    assert calls(sandbox) == ["GET catalogue", "GET", "DELETE", "PUT", "GET"]
    assert state is not None
    for act in ("up", "refresh", "destroy"):
        again = start_plugin(sandbox).whole
        if act == "up":
            news = again.check(inputs(*codes), {"codes": codes}).inputs
            assert again.diff(ID, state, news).changes is False
        elif act == "refresh":
            assert again.read(ID, dict(state)).outs == state
        else:
            again.delete(ID, state)
        assert calls(sandbox) == ["GET"] * (act != "destroy")


def test_an_update_keeps_the_names_that_state_has(whole: AllowedDirectionsProvider, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    outs = whole.update(ID, {**outputs(), "directions": [RENAMED]}, inputs("36", "53")).outs
    assert outs is not None
    assert outs["directions"] == [RENAMED, *outputs("53")["directions"]]


def test_outputs_are_never_shared_for_the_host_writes_into_them(
    whole: AllowedDirectionsProvider, sandbox: Sandbox
) -> None:
    sandbox.set_open(["36"])
    news = inputs("36")
    acts: list[Callable[[], dict[str, Any] | None]] = [
        lambda: whole.create(news).outs,
        lambda: whole.update(ID, {}, news).outs,
        lambda: whole.read(ID, {}).outs,
        lambda: whole.read(ID, {}).inputs,
        lambda: whole.check(inputs("36"), news).inputs,
    ]
    for act in acts:
        first = act()
        assert first is not None
        first["__provider"] = "…"
        first["codes"].append("…")
        again = act()
        assert again is not None
        assert again["codes"] == ["36"]
        assert "__provider" not in again
