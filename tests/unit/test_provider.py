"""What the providers of both kinds say and refuse, line by line, and what else the engine's calls do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from pulumi.dynamic import CheckResult
from pulumi.output import Unknown

from plusofon_pulumi.errors import ConfigurationError, DirectionClaimedError, DirectionNotOpenError, PlusofonError
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from plusofon_pulumi.provider.base import AccountProvider
from plusofon_pulumi.sandbox import CATALOGUE_PATH, Sandbox
from tests.unit.conftest import Plugin, StartPlugin
from tests.unit.support import ALL_CODES, DIRECTIONS, PAYLOAD, UNKNOWN, calls, inputs, outputs, writes

HUNGARY, CUBA = DIRECTIONS["36"].as_outputs(), DIRECTIONS["53"].as_outputs()
ID = "allowed-directions"
GB = str(DIRECTIONS["44"])
ONLY = "this run only closes; a person must run `pulumi up`"
ONE_UNKNOWN = "the code is not known yet: pulumi up shows what it opens"
MANY_UNKNOWN = "not all codes are known yet: pulumi up shows what closes and what opens"
SINCE = "since the last successful update"


def one(plugin: Plugin, code: Any, old: Any = None) -> CheckResult:
    return plugin.single.check({"code": old, **PAYLOAD} if old else {}, {"code": code, **PAYLOAD})


def many(plugin: Plugin, *codes: Any, old: list[str] | None = None) -> CheckResult:
    return plugin.whole.check({} if old is None else inputs(*old), inputs(*codes))


def reasons(result: CheckResult) -> list[tuple[str, str]]:
    return [(each.property, each.reason) for each in result.failures]


# Lines. The account has 53 open.

Act = Callable[[Plugin], object]
LINES: dict[str, tuple[Act, list[str]]] = {
    "a new single": (lambda p: one(p, "36"), ["will open 36 (Hungary)"]),
    "a new single, open already": (lambda p: one(p, "53"), []),
    "a closed single": (
        lambda p: (one(p, "36", old="36"), p.single.diff("36", HUNGARY, {"code": "36"})),
        [f"will open 36 (Hungary): it was closed {SINCE}"],
    ),
    "a closed single without names": (lambda p: p.single.diff("36", {"code": "36"}, {"code": "36"}), [
        f"will open 36: it was closed {SINCE}"
    ]),
    "a replaced single": (
        lambda p: (one(p, "49", old="36"), p.single.diff("36", HUNGARY, {"code": "49"}), one(p, "49")),
        ["will open 49 (Germany); 36 (Hungary) closes after that, unless it is still declared"],
    ),
    "replaced by an open one": (
        lambda p: (one(p, "53", old="36"), p.single.diff("36", HUNGARY, {"code": "53"})),
        ["53 (Cuba) is open already; 36 (Hungary) closes after that, unless it is still declared"],
    ),
    "a single not known": (lambda p: one(p, UNKNOWN), [ONE_UNKNOWN]),
    "a created single": (lambda p: p.single.create(one(p, "36").inputs), ["will open 36 (Hungary)", "opened 36 (Hungary)"]),
    "an updated single": (lambda p: p.single.update("36", HUNGARY, {"code": "36"}), ["opened 36 (Hungary)"]),
    "a deleted single": (lambda p: p.single.delete("53", CUBA), ["closed 53 (Cuba)"]),
    "a declared single": (
        lambda p: (one(p, "53"), p.single.delete("53", CUBA)), ["53 (Cuba) stays open: the program still declares it"]
    ),
    "a new list": (lambda p: many(p, "36", "44"), [
        "will close 53 (Cuba): it is open and not declared", f"will open 36 (Hungary), {GB}"
    ]),
    "a list that drifted": (
        lambda p: (many(p, "36", "49", old=["36"]), p.whole.diff(ID, outputs("36"), inputs("36", "49"))),
        [
            f"will close 53 (Cuba): it was opened {SINCE}",
            f"will open 36 (Hungary): it was closed {SINCE}",
            "will open 49 (Germany)",
        ],
    ),
    "a list that drops a code": (
        lambda p: (many(p, old=["53"]), p.whole.diff(ID, outputs("53"), inputs())),
        ["will close 53 (Cuba): it is open and not declared"],
    ),
    "a list after a refresh": (
        lambda p: (
            p.whole.read(ID, outputs("36", "49")),
            p.whole.diff(ID, outputs("53"), inputs("36", "49")),
            many(p, "36", "49", old=["53"]),
            p.whole.diff(ID, outputs("53"), inputs("36", "49")),
        ),
        [f"will close 53 (Cuba): it was opened {SINCE}", f"will open 36 (Hungary), 49 (Germany): they were closed {SINCE}"],
    ),
    "a list not known": (lambda p: many(p, "36", UNKNOWN), [MANY_UNKNOWN]),
    "a list not known at all": (
        lambda p: (p.whole.check({}, {"codes": UNKNOWN}), p.whole.diff(ID, outputs("36"), {"codes": UNKNOWN})),
        [MANY_UNKNOWN],
    ),
    "an updated list": (lambda p: p.whole.update(ID, outputs("53"), inputs("36")), ["closed 53 (Cuba)", "opened 36 (Hungary)"]),
    "a retained list": (lambda p: p.whole.delete(ID, outputs("36")), ["left open: 53 (Cuba)"]),
    "a retained list, declared": (lambda p: (many(p, "53"), p.whole.delete(ID, outputs("53"))), []),
    "a closed list": (lambda p: p.whole.delete(ID, outputs("53", on_destroy="close")), ["closed 53 (Cuba)", "left open: nothing"]),
    "a closed list, one not its own": (
        lambda p: p.whole.delete(ID, outputs("36", on_destroy="close")), ["left open: 53 (Cuba)"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES)
def test_every_line_is_true_and_shown_once(plugin: Plugin, sandbox: Sandbox, case: str) -> None:
    sandbox.set_open(["53"])
    act, lines = LINES[case]
    act(plugin)
    act(plugin) if "created" not in case else None
    assert plugin.lines == lines


CLOSE_ONLY: dict[str, tuple[Act, list[str], str]] = {
    "a new single": (lambda p: one(p, "36"), ["would open 36 (Hungary) (not in this run)"], ""),
    "a closed single": (
        lambda p: p.single.diff("36", HUNGARY, {"code": "36"}),
        [f"would open 36 (Hungary) (not in this run): it was closed {SINCE}"], "",
    ),
    "a new list": (lambda p: many(p, "36"), [
        "will close 53 (Cuba): it is open and not declared", "would open 36 (Hungary) (not in this run)"
    ], ""),
    "a list": (
        lambda p: (many(p, "36", old=["36"]), p.whole.diff(ID, outputs("36"), inputs("36"))),
        [
            f"will close 53 (Cuba): it was opened {SINCE}",
            f"would open 36 (Hungary) (not in this run): it was closed {SINCE}",
        ], "",
    ),
    "a created single": (lambda p: p.single.create({"code": "36"}), [], f"36 (Hungary) was not opened: {ONLY}"),
    "an open single": (lambda p: p.single.create({"code": "53"}), [], ""),
    "an updated list": (
        lambda p: p.whole.update(ID, outputs("36"), inputs("36")),
        ["closed 53 (Cuba)"], f"36 (Hungary) was not opened: {ONLY}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CLOSE_ONLY)
def test_a_run_that_only_closes_says_what_it_leaves_closed(
    start_plugin: StartPlugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setenv("PLUSOFON_CLOSE_ONLY", "1")
    sandbox.set_open(["53"])
    act, lines, error = CLOSE_ONLY[case]
    plugin = start_plugin(sandbox)
    if error:
        with pytest.raises(PlusofonError) as raised:
            act(plugin)
        assert str(raised.value) == error
    else:
        act(plugin)
    assert plugin.lines == lines
    assert sandbox.calls("PUT") == 0


def test_lines_of_a_provider_of_one_s_own_begin_with_its_name(start_plugin: StartPlugin, sandbox: Sandbox) -> None:
    plugin = start_plugin(sandbox, provider="second")
    one(plugin, "36")
    assert plugin.lines == ['Provider "second": will open 36 (Hungary)']
    plugin.single.account()._live.invalidate()
    sandbox.fail_next(2, "status:401")
    told = r'Provider "second": GET .* the token of the Provider "second"'
    assert re.match(told, reasons(one(plugin, "36", old="36"))[0][1])
    plugin.single.account()._live.invalidate()
    with pytest.raises(PlusofonError, match=f"^{told}"):
        plugin.single.read("36", {**HUNGARY})


@pytest.mark.parametrize("write", [False, True])
def test_at_most_twenty_plans_and_twenty_results_of_singles_are_shown(
    plugin: Plugin, sandbox: Sandbox, write: bool
) -> None:
    codes = ALL_CODES[:25]
    for code in codes:
        plugin.single.create({"code": code}) if write else one(plugin, code)
    what, kind = ("opened", "results") if write else ("will open", "plans")
    expected = [f"{what} {DIRECTIONS[code]}" for code in codes[:20]]
    assert plugin.lines == [*expected, f"more {kind} of this kind are not shown"]


def test_all_codes_of_a_list_are_named_the_first_ten_with_their_countries(plugin: Plugin, sandbox: Sandbox) -> None:
    codes = sorted(ALL_CODES[:13], key=lambda code: (len(code), code))
    sandbox.set_open(codes)
    many(plugin)
    named = ", ".join(str(DIRECTIONS[code]) for code in codes[:10])
    assert plugin.lines == [f"will close {named}; also {', '.join(codes[10:])}: they are open and not declared"]


def test_after_the_first_write_no_create_has_a_plan_line(plugin: Plugin) -> None:
    plugin.single.create(one(plugin, "36").inputs)
    one(plugin, "44")
    assert plugin.lines == ["will open 36 (Hungary)", "opened 36 (Hungary)"]


def test_plans_of_creates_come_from_the_list_that_was_read_first(plugin: Plugin, sandbox: Sandbox) -> None:
    one(plugin, "44")
    sandbox.set_open(["36"])
    plugin.single.account()._live.invalidate()
    one(plugin, "36")
    assert plugin.lines == [f"will open {GB}", "will open 36 (Hungary)"]


def test_a_line_is_one_write_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    AccountProvider().show("a line")
    assert capsys.readouterr() == ("", "a line\n")


# What is left open cannot be read


@pytest.mark.parametrize("on_destroy", ["retain", "close"])
def test_an_unreadable_list_does_not_keep_a_retained_one_from_going(
    plugin: Plugin, sandbox: Sandbox, on_destroy: str
) -> None:
    sandbox.fail_next(9, "status:403", method="GET")
    if on_destroy == "retain":
        plugin.whole.delete(ID, outputs("36"))
        assert plugin.lines[0].startswith("what is left open is not known: GET ")
        assert calls(sandbox) == ["GET"]
    else:
        with pytest.raises(PlusofonError, match=r"^36.* was not closed: GET "):
            plugin.whole.delete(ID, outputs("36", on_destroy="close"))


def test_a_list_is_retained_without_a_token_too(start_plugin: StartPlugin, sandbox: Sandbox) -> None:
    plugin = start_plugin(sandbox, token=None)
    plugin.whole.delete(ID, outputs("36"))
    assert plugin.lines[0].startswith("what is left open is not known: there is no Plusofon token: run `pulumi config")


# Check


@pytest.mark.parametrize("kind", ["single", "whole"])
@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
@pytest.mark.parametrize("fault", ["status:401", "status:403", "status:503", "html:200", "reset"])
def test_a_preview_fails_where_the_account_cannot_be_read_even_if_nothing_is_known_yet(
    plugin: Plugin, sandbox: Sandbox, kind: str, old: bool, fault: str
) -> None:
    sandbox.fail_next(99, fault)
    for known in (True, False):
        code = "36" if known else UNKNOWN
        result = (
            one(plugin, code, "36" if old else None)
            if kind == "single"
            else many(plugin, code, old=["36"] if old else None)
        )
        [(property_, reason)] = reasons(result)
        assert property_ == ""
        assert reason.startswith("GET http://")
        assert "\n" not in reason
    assert plugin.lines == []


def test_what_is_not_known_stays_so_and_the_list_is_read_once(plugin: Plugin, sandbox: Sandbox) -> None:
    assert one(plugin, UNKNOWN).inputs == {"code": UNKNOWN}
    plugin.single.diff("36", HUNGARY, {"code": UNKNOWN})
    assert calls(sandbox) == ["GET"]


def test_codes_of_a_list_come_back_sorted_and_each_once_and_the_unknown_at_the_end(plugin: Plugin) -> None:
    *known, last = many(plugin, "+53", UNKNOWN, 36.0, "36").inputs["codes"]
    assert (known, type(last)) == (["36", "53"], Unknown)
    assert type(plugin.whole.check({}, {"codes": UNKNOWN}).inputs["codes"]) is Unknown


REFUSED: list[tuple[Any, list[tuple[str, str]]]] = [
    (None, [("codes", "it is missing: give the list of codes that are open; an empty list closes everything")]),
    ("36", [("codes", 'it is not a list: give the codes as in ["7", "36"]')]),
    (
        ["36", True, ""],
        [("", "codes[1]: True is not a calling code"), ("", "codes[2]: '' is not a calling code: it is")],
    ),
    (["999", "36"], [("", "codes[0]: Plusofon's catalogue has no direction with the calling code 999; the nearest: ")]),
    (["0" * n for n in range(1, 14)], [*[("", "codes[")] * 10, ("", "3 more codes cannot work")]),
]


@pytest.mark.parametrize("codes, told", REFUSED)
def test_a_list_that_cannot_work_is_refused_and_plans_nothing(plugin: Plugin, codes: Any, told: Any) -> None:
    found = reasons(plugin.whole.check({}, {"codes": codes, **PAYLOAD}))
    assert [place for place, _ in found] == [place for place, _ in told]
    assert all(reason.startswith(start) for (_, reason), (_, start) in zip(found, told, strict=True))
    assert plugin.lines == []


@pytest.mark.parametrize("code, told", [
    (None, 'it is missing: give the calling code to open, such as "36"'),
    ("Hungary", "'Hungary' is not a calling code: a direction is named by its calling code, in digits, not by a name; "
                "the catalogue has 36 (Hungary)"),
    ("367", "Plusofon's catalogue has no direction with the calling code 367; the nearest: 36 (Hungary)"),
    (True, "True is not a calling code"),
])  # fmt: skip
def test_a_single_that_cannot_work_is_refused(plugin: Plugin, code: Any, told: str) -> None:
    [(property_, reason)] = reasons(one(plugin, code))
    assert (property_, reason[: len(told)]) == ("code", told)


def test_on_destroy_is_one_of_two_words(plugin: Plugin) -> None:
    told = 'it is "retain" (leave the directions open) or "close"'
    assert reasons(plugin.whole.check({}, inputs("36", on_destroy="retian"))) == [("on_destroy", told)]
    assert reasons(plugin.whole.check({}, inputs("36", on_destroy=UNKNOWN))) == []


def test_unchanged_codes_need_no_catalogue_even_if_it_has_dropped_them(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.set_open(["999"])
    for spelling in ("999", "+999", 999.0):
        result = one(plugin, spelling, old="999")
        assert (result.inputs, result.failures) == ({"code": "999"}, [])
    assert plugin.single.diff("999", {"code": "999"}, {"code": "999"}).changes is False
    assert sandbox.calls("GET", CATALOGUE_PATH) == 0


@pytest.mark.parametrize("act", [
    lambda p: one(p, "36"), lambda p: p.single.create({"code": "36"}), lambda p: p.single.read("36", HUNGARY),
    lambda p: p.single.diff("36", HUNGARY, {"code": "36"}), lambda p: p.single.delete("36", HUNGARY),
    lambda p: many(p, "36"), lambda p: p.whole.update(ID, outputs(), inputs("36")),
])  # fmt: skip
def test_settings_that_cannot_work_fail_every_call_before_any_request(
    start_plugin: StartPlugin, sandbox: Sandbox, act: Act
) -> None:
    plugin = start_plugin(sandbox, token="Bearer s3cret")
    try:
        [(_, reason)] = reasons(act(plugin))  # type: ignore[arg-type]
    except ConfigurationError as error:
        reason = str(error)
    told = "the Plusofon token, of plusofon:token in the stack's configuration, has quotes"
    assert reason.startswith(told)
    assert "s3cret" not in reason
    assert sandbox.calls() == 0


# Read, diff, create


def test_read_in_a_refresh_and_by_id(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    gone = plugin.single.read("53", {**CUBA, **PAYLOAD})
    assert (gone.id, gone.outs, gone.inputs) == ("", {}, None)
    for props in ({}, PAYLOAD, {"code": "36"}, {**HUNGARY, **PAYLOAD}):
        found = plugin.single.read("36", dict(props))
        assert (found.id, found.outs, found.inputs) == ("36", HUNGARY, {"code": "36"})
    old = {**HUNGARY, "english_name": "Hungary (old)"}
    assert plugin.single.read("36", dict(old)).outs == old, "names in state stay"
    with pytest.raises(DirectionNotOpenError, match=r"^53 \(Cuba\) is not open, so it cannot be taken over$"):
        plugin.single.read("53", {**PAYLOAD})
    found = plugin.whole.read(ID, outputs("53", on_destroy="close"))
    assert (found.outs, found.inputs) == (outputs("36", on_destroy="close"), {"codes": ["36"], "on_destroy": "close"})


ALIASED = [
    {},
    {"code": 5},
    outputs("36"),
    {"codes": 1, "directions": {"36": 1}},
    {"directions": [None, {"code": "36"}]},
]


@pytest.mark.parametrize("olds", [HUNGARY, *ALIASED])
@pytest.mark.parametrize("news", ["36", "49", UNKNOWN])
def test_diff_of_a_single_is_no_change_only_for_the_same_code_that_is_open(
    plugin: Plugin, sandbox: Sandbox, olds: dict[str, Any], news: Any
) -> None:
    sandbox.set_open(["36"])
    difference = plugin.single.diff("36", {**olds}, {"code": news, **PAYLOAD})
    is_same = olds == HUNGARY and news == "36"
    assert (difference.changes, difference.replaces or []) == (not is_same, [] if is_same else ["code"])
    assert not difference.delete_before_replace


def test_a_replacement_of_what_nobody_recorded_names_no_old_code(plugin: Plugin) -> None:
    one(plugin, "49", old="36")
    for olds in ({}, outputs("36")):
        plugin.single.diff("36", {**olds}, {"code": "49"})
    assert plugin.lines == ["will open 49 (Germany)"]


@pytest.mark.parametrize("olds, changes", [
    (outputs("36"), False), (outputs("36", on_destroy="close"), True), (outputs("36", "53"), True),
    *[(olds, True) for olds in (HUNGARY, *ALIASED[:2], *ALIASED[3:])],
])  # fmt: skip
def test_diff_of_a_list_is_no_change_only_for_what_state_and_account_have(
    plugin: Plugin, sandbox: Sandbox, olds: dict[str, Any], changes: bool
) -> None:
    sandbox.set_open(["36"])
    assert plugin.whole.diff(ID, {**olds}, inputs("36")).changes is changes
    assert plugin.whole.diff(ID, {**olds}, inputs("36", UNKNOWN)).changes
    assert plugin.whole.diff(ID, {**olds}, inputs("36", "53")).changes


@pytest.mark.parametrize("opened", [[], ["36"]], ids=["closed", "open"])
def test_outputs_are_complete_and_never_shared(plugin: Plugin, sandbox: Sandbox, opened: list[str]) -> None:
    sandbox.set_open(opened)
    for act, expected in [
        (lambda: plugin.single.create({"code": "36", **PAYLOAD}).outs, HUNGARY),
        (lambda: plugin.single.update("36", {**HUNGARY}, {"code": "36"}).outs, HUNGARY),
        (lambda: plugin.whole.create(inputs("36")).outs, outputs("36")),
        (lambda: plugin.whole.update(ID, {}, inputs("36")).outs, outputs("36")),
    ]:
        made = act()
        assert json.loads(json.dumps(made)) == expected
        made["__provider"] = "the host writes into it"
        assert "__provider" not in act()
    assert sandbox.calls("PUT") == (not opened)


def test_a_resource_without_outputs_is_deleted_by_its_id(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    plugin.single.delete("36", {})
    assert sandbox.open_codes == set()
