"""What the providers of both kinds say and refuse, line by line, and what else the engine's calls do."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Callable
from typing import Any, get_args

import pytest
from pulumi.dynamic import CheckResult
from pulumi.output import Unknown

from plusofon_pulumi.errors import DirectionNotOpenError, PlusofonError
from plusofon_pulumi.provider.base import AccountProvider
from plusofon_pulumi.resources import OnDestroy
from plusofon_pulumi.sandbox import CATALOGUE_PATH, Sandbox
from tests.unit.conftest import Plugin, StartPlugin
from tests.unit.support import ALL_CODES, DIRECTIONS, PAYLOAD, UNKNOWN, FakeTime, calls, error_of, inputs, outputs

HUNGARY, CUBA = DIRECTIONS["36"].as_outputs(), DIRECTIONS["53"].as_outputs()
ID = "allowed-directions"
GB = str(DIRECTIONS["44"])
MANY_UNKNOWN = "not all codes are known yet: pulumi up shows what closes and what opens"
SINCE = "since the last successful update"
AFTER = "closes after that, unless it is declared or retained"


def one(plugin: Plugin, code: Any, old: Any = None) -> CheckResult:
    return plugin.single.check({"code": old, **PAYLOAD} if old else {}, {"code": code, **PAYLOAD})


def many(plugin: Plugin, *codes: Any, old: list[str] | None = None) -> CheckResult:
    return plugin.whole.check({} if old is None else inputs(*old), inputs(*codes))


def one_diff(plugin: Plugin, new: Any, **olds: Any) -> Any:
    return plugin.single.diff("36", olds or {**HUNGARY}, {"code": new, **PAYLOAD})


def many_diff(plugin: Plugin, *codes: Any, old: list[str]) -> Any:
    return plugin.whole.diff(ID, outputs(*old), inputs(*codes))


def reasons(result: CheckResult) -> list[tuple[str, str]]:
    return [(each.property, each.reason) for each in result.failures]


Codes = list[Any]
# The calls of the engine, each with new codes and those that state has.
CALLS: dict[str, Callable[[Plugin, Codes, Codes], object]] = {
    "check": lambda p, new, old: one(p, *new, *old),
    "diff": lambda p, new, _: one_diff(p, *new),
    "diff-nameless": lambda p, new, old: one_diff(p, *new, code=old[0]),
    "diff-of-a-list": lambda p, new, old: one_diff(p, *new, **outputs(*old)),
    "create": lambda p, new, _: p.single.create({"code": new[0]}),
    "update": lambda p, new, _: p.single.update("36", HUNGARY, {"code": new[0]}),
    "delete": lambda p, _, old: p.single.delete(old[0], CUBA),
    "LIST": lambda p, new, old: many(p, *new, old=old or None),
    "LIST-unknown": lambda p, *_: p.whole.check({}, {"codes": UNKNOWN}),
    "LIST-diff": lambda p, new, old: many_diff(p, *new, old=old),
    "LIST-read": lambda p, _, old: p.whole.read(ID, outputs(*old)),
    "LIST-update": lambda p, new, old: p.whole.update(ID, outputs(*old), inputs(*new)),
    "LIST-retain": lambda p, _, old: p.whole.delete(ID, outputs(*old)),
    "LIST-close": lambda p, _, old: p.whole.delete(ID, outputs(*old, on_destroy="close")),
}
NOW, LEFT = "will open 36 (Hungary)", "left open: 53 (Cuba)"
DROPPED = "will close 53 (Cuba): it is open and not declared"
STAYS = "53 (Cuba) stays open: the program still declares it"
CLOSED, OPENED = f"it was closed {SINCE}", f"will close 53 (Cuba): it was opened {SINCE}"
NOT_NOW, NO = "(not in this run)", "36 (Hungary) was not opened: this run only closes; a person must run `pulumi up`"

# What the engine calls, twice, as `name new codes<old codes`, and each line, exactly. The account has 53 open;
# "close-only" has PLUSOFON_CLOSE_ONLY, and the text of an error that ends a call counts as a line.
LINES: dict[str, list[str]] = {
    "check 36": [NOW],
    "check 53": [],
    "check 36<36; diff 36": [f"{NOW}: {CLOSED}"],
    "diff-nameless 36<36": [f"will open 36: {CLOSED}"],
    "check 49<36; diff 49; check 49": [f"will open 49 (Germany); 36 (Hungary) {AFTER}"],
    "check 49<36; diff 49; check 44<36; diff 44; check 49; check 44": [
        f"will open 49 (Germany); 36 (Hungary) {AFTER}",
        f"will open {GB}; 36 (Hungary) {AFTER}",
    ],
    "check 53<36; diff 53": [f"53 (Cuba) is open already; 36 (Hungary) {AFTER}"],
    "check 49; diff-of-a-list 49<36": ["will open 49 (Germany)"],
    "check ?; diff ?": ["the code is not known yet: pulumi up shows what it opens"],
    "check 36; create 36": [NOW, "opened 36 (Hungary)"],
    "check 36; create 36; check 44": [NOW, "opened 36 (Hungary)"],
    "update 36": ["opened 36 (Hungary)"],
    "delete <53": ["closed 53 (Cuba)"],
    "check 53; delete <53": [STAYS],
    "LIST 36,44": [DROPPED, f"{NOW}, {GB}"],
    "LIST 36,49<36; LIST-diff 36,49<36": [OPENED, f"{NOW}: {CLOSED}", "will open 49 (Germany)"],
    "LIST <53; LIST-diff <53": [DROPPED],
    "LIST-read <36,49; LIST-diff 36,49<53; LIST 36,49<53": [OPENED, f"{NOW}, 49 (Germany): they were closed {SINCE}"],
    "LIST 36,?; LIST-diff ?<36": [MANY_UNKNOWN],
    "LIST-unknown": [MANY_UNKNOWN],
    "LIST-update 36<53": ["closed 53 (Cuba)", "opened 36 (Hungary)"],
    "LIST-retain <36": [LEFT],
    "LIST 53; LIST-retain <53": [],
    "LIST-close <53": ["closed 53 (Cuba)", "left open: nothing"],
    "LIST-close <36": [LEFT],
    "close-only: check 36": [f"would open 36 (Hungary) {NOT_NOW}"],
    "close-only: diff 36": [f"would open 36 (Hungary) {NOT_NOW}: {CLOSED}"],
    "close-only: create 36": [NO],
    "close-only: create 53": [],
    "close-only: LIST 36,49<36; LIST-diff 36,49<36": [
        OPENED,
        f"would open 36 (Hungary) {NOT_NOW}: {CLOSED}",
        f"would open 49 (Germany) {NOT_NOW}",
    ],
    "close-only: LIST-update 36<36": ["closed 53 (Cuba)", NO],
}


@pytest.mark.parametrize("case", LINES)
def test_a_line_is_true_and_told_once(start_plugin: StartPlugin, sandbox: Sandbox, monkeypatch: Any, case: str) -> None:
    monkeypatch.setenv("PLUSOFON_CLOSE_ONLY", "1" if case.startswith("close-only: ") else "")
    sandbox.set_open(["53"])
    plugin = start_plugin(sandbox)
    for step in case.removeprefix("close-only: ").split("; ") * 2:
        name, _, both = step.partition(" ")
        new, _, old = both.partition("<")
        try:
            CALLS[name](plugin, *([UNKNOWN if c == "?" else c for c in part.split(",") if c] for part in (new, old)))
        except PlusofonError as error:
            plugin.whole.show_once(str(error))
    assert plugin.lines == LINES[case]


def test_lines_and_errors_of_an_own_provider_begin_with_its_name(start_plugin: StartPlugin, sandbox: Sandbox) -> None:
    plugin = start_plugin(sandbox, provider="second")
    one(plugin, "36")
    assert plugin.lines == ['Provider "second": will open 36 (Hungary)']
    plugin = start_plugin(sandbox, provider="second")
    sandbox.fail_next(1, "status:401")
    told = r'Provider "second": GET .* the token of the Provider "second"'
    assert re.match(told, reasons(one(plugin, "36", old="36"))[0][1])
    with pytest.raises(PlusofonError, match=f"^{told}"):
        plugin.single.read("36", {**HUNGARY})


def test_at_most_twenty_openings_and_twenty_results_are_shown(plugin: Plugin, sandbox: Sandbox) -> None:
    acts: list[tuple[str, Callable[[str], object]]] = [("will open", lambda code: one(plugin, code))]
    acts += [("opened", lambda code: plugin.single.create({"code": code}))]
    for what, act in acts:
        plugin.lines.clear()
        for code in ALL_CODES[:25]:
            act(code)
        assert plugin.lines[:-1] == [f"{what} {DIRECTIONS[code]}" for code in ALL_CODES[:20]]
        assert re.fullmatch("more directions (will open|were opened) than are shown", plugin.lines[-1])
    sandbox.owner_acts(closes=[ALL_CODES[0]])
    acts[1][1](ALL_CODES[25])
    assert plugin.lines[-1].startswith(f"opened {DIRECTIONS[ALL_CODES[0]]} again: "), "that is no new direction"


def test_plans_of_creates_come_from_the_list_that_was_read_first(plugin: Plugin, sandbox: Sandbox) -> None:
    one(plugin, "44")
    sandbox.set_open(["36"])
    plugin.single.account()._live.invalidate()
    one(plugin, "36")
    assert plugin.lines == [f"will open {GB}", "will open 36 (Hungary)"]


def test_a_list_plans_by_the_list_that_was_read_first_and_not_after_a_write(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.set_open(["44", "53"])
    plugin.whole.check({}, {"codes": UNKNOWN})
    sandbox.set_open(["36"])
    plugin.single.account()._live.invalidate()
    many(plugin, "36")
    plan = [f"will close {GB}, 53 (Cuba): they are open and not declared", "will open 36 (Hungary)"]
    assert plugin.lines == [MANY_UNKNOWN, *plan]
    plugin.single.create({"code": "7"})
    plugin.lines.clear()
    sandbox.fail_next(9, "status:403")
    plugin.single.account()._live.invalidate()
    assert reasons(many(plugin, "36", old=["36"]))[0][1].startswith("GET ")
    assert (reasons(many(plugin, "36")), plugin.lines) == ([], [])


def test_a_line_is_one_write_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    AccountProvider().show("a line")
    assert capsys.readouterr() == ("", "a line\n")


def test_the_traceback_of_a_foreseen_error_is_hidden_for_a_second(plugin: Plugin, fake_time: FakeTime) -> None:
    error_of(lambda: plugin.single.create({"code": "999"}))
    for later, is_hidden in ((0.0, True), (0.9, True), (0.2, False)):
        fake_time.now += later
        assert plugin.single.check({}, {"code": "999"}).failures
        assert hasattr(sys, "tracebacklimit") is is_hidden


def test_a_retained_list_goes_even_if_the_account_cannot_be_read(
    start_plugin: StartPlugin, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fail_next(9, "status:503")
    for token, why in ((sandbox.token, "GET "), (None, "there is no Plusofon token: ")):
        plugin = start_plugin(sandbox, token=token)
        plugin.whole.delete(ID, outputs("36"))
        assert [line.startswith(f"what is left open is not known: {why}") for line in plugin.lines] == [True]
    assert calls(sandbox) == ["GET"]
    assert reasons(many(plugin, "36"))[0][1].startswith("there is no Plusofon token: ")
    monkeypatch.setenv("PLUSOFON_TOKEN", sandbox.token)
    plugin = start_plugin(sandbox, provider="second", token=None)
    assert reasons(many(plugin, "36"))[0][1].startswith('the Provider "second" has no token: ')


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
@pytest.mark.parametrize("fault", ["status:401", "status:503", "html:200", "reset"])
def test_a_preview_fails_if_the_account_cannot_be_read_even_if_nothing_is_known_yet(
    start_plugin: StartPlugin, sandbox: Sandbox, old: bool, fault: str
) -> None:
    sandbox.fail_next(99, fault)
    olds, more = ({"code": "36"}, {"codes": ["36"]}) if old else ({}, {})
    for code in ("36", UNKNOWN):
        for kind, before, news in (("single", olds, {"code": code}), ("whole", more, {"codes": [code]})):
            plugin = start_plugin(sandbox)
            [(property_, reason)] = reasons(getattr(plugin, kind).check(before, news))
            assert (property_, plugin.lines) == ("", [])
            assert re.fullmatch("GET http://.*", reason), "one line"


def test_what_is_not_known_stays_so_and_the_list_is_read_once(start_plugin: StartPlugin, sandbox: Sandbox) -> None:
    assert one(plugin := start_plugin(sandbox), UNKNOWN).inputs == {"code": UNKNOWN}
    assert one_diff(plugin, UNKNOWN).replaces == ["code"], "in a preview"
    assert calls(sandbox) == ["GET"]
    plugin = start_plugin(sandbox)
    *known, last = many(plugin, "+53", UNKNOWN, 53.0, old=["53"]).inputs["codes"]
    assert (known, type(last)) == (["53"], Unknown)
    assert type(plugin.whole.check({}, {"codes": UNKNOWN}).inputs["codes"]) is Unknown
    assert calls(sandbox) == ["GET"]


NO_NAME = "a direction is named by its calling code, in digits, not by a name"
MISSING = "it is missing: give the list of codes that are open; an empty list closes everything"
REFUSED: list[tuple[Any, list[tuple[str, str]]]] = [
    (None, [("codes", MISSING)]),
    ("36", [("codes", 'it is not a list: give the codes as in ["7", "36"]')]),
    (["36", True, ""], [("", "codes[1]: True is not a calling code"), ("", "codes[2]: '' is not a calling code: it")]),
    (["999", "990"], [("", f"codes[{n}]: Plusofon's catalogue has no direction with the code") for n in (0, 1)]),
    (["Hungary"], [("", f"codes[0]: 'Hungary' is not a calling code: {NO_NAME}; did you mean 36 (Hungary)?")]),
    (["0" * n for n in range(1, 14)], [*[("", "codes[")] * 10, ("", "3 more codes cannot work")]),
]


@pytest.mark.parametrize("codes, told", REFUSED)
def test_a_list_that_cannot_work_is_refused_and_plans_nothing(plugin: Plugin, codes: Any, told: Any) -> None:
    found = reasons(plugin.whole.check({}, {"codes": codes, **PAYLOAD}))
    assert [(place, reason[: len(start)]) for (place, reason), (_, start) in zip(found, told, strict=True)] == told
    assert plugin.lines == []


def test_a_single_that_cannot_work_is_refused_even_without_a_catalogue(plugin: Plugin, sandbox: Sandbox) -> None:
    missing = 'it is missing: give the calling code to open, such as "36"'
    unknown = "Plusofon's catalogue has no direction with the code or name '367'; the nearest: 36 (Hungary), "
    assert reasons(one(plugin, None)) == [("code", missing)]
    assert reasons(one(plugin, "367"))[0][1].startswith(unknown)
    assert reasons(one(plugin, "Ωω"))[0][1].endswith(NO_NAME)
    plugin.single.account()._catalogue.invalidate()
    for hint in ("; did you mean 36 (Hungary)?", ""):
        [(place, reason)] = reasons(one(plugin, "Hungary"))
        assert (place, reason) == ("code", f"'Hungary' is not a calling code: {NO_NAME}{hint}")
        sandbox.fail_next(9, "status:403")
        plugin.single.account()._catalogue.invalidate()


def test_on_destroy_is_one_of_two_words(plugin: Plugin) -> None:
    told = 'it is "retain" (leave the directions open) or "close"'
    assert reasons(plugin.whole.check({}, inputs("36", on_destroy="retian"))) == [("on_destroy", told)]
    assert reasons(plugin.whole.check({}, inputs("36", on_destroy=UNKNOWN))) == []
    assert get_args(OnDestroy) == ("retain", "close"), "an editor knows them"


def test_unchanged_codes_need_no_catalogue_even_if_it_has_dropped_them(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.set_open(["999"])
    for spelling in ("999", "+999", 999.0):
        result = one(plugin, spelling, old="999")
        assert (result.inputs, result.failures) == ({"code": "999"}, [])
    assert one_diff(plugin, "999", code="999").changes is False
    assert sandbox.calls("GET", CATALOGUE_PATH) == 0


def test_read_in_a_refresh_and_by_id(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    gone = plugin.single.read("53", {**CUBA, **PAYLOAD})
    assert (gone.id, gone.outs, gone.inputs) == ("", {}, None)
    renamed = {**HUNGARY, "english_name": "Hungary (old)"}
    for props, outs in (({}, HUNGARY), (PAYLOAD, HUNGARY), ({**HUNGARY, **PAYLOAD}, HUNGARY), (renamed, renamed)):
        found = plugin.single.read("36", {**props})
        assert (found.id, found.outs, found.inputs) == ("36", outs, {"code": "36"}), "names in state stay"
    with pytest.raises(DirectionNotOpenError, match=r"^53 \(Cuba\) is not open, so it cannot be taken over$"):
        plugin.single.read("53", {**PAYLOAD})
    found = plugin.whole.read(ID, outputs("53", on_destroy="close"))
    assert (found.outs, found.inputs) == (outputs("36", on_destroy="close"), {"codes": ["36"], "on_destroy": "close"})


ALIASED = [{}, {"code": 5}, {"codes": 1, "directions": {"36": 1}}, {"directions": [None, {"code": "36"}]}]


@pytest.mark.parametrize(
    "olds", [HUNGARY, outputs("36"), outputs("36", on_destroy="close"), outputs("36", "53"), *ALIASED]
)
def test_diff_is_no_change_only_if_both_state_and_account_have_it(plugin: Plugin, sandbox: Sandbox, olds: Any) -> None:
    sandbox.set_open(["36"])
    for code in ("36", "49", UNKNOWN):
        single = plugin.single.diff("36", {**olds}, {"code": code, **PAYLOAD})
        is_same = olds == HUNGARY and code == "36"
        assert (single.changes, single.replaces or []) == (not is_same, [] if is_same or code == UNKNOWN else ["code"])
        assert not single.delete_before_replace
    has_codes = {*map(str, olds.get("codes", ()) if olds.get("directions") else ())} if "on_destroy" in olds else None
    is_same = has_codes == {"36"} and olds["on_destroy"] == "retain"
    for codes, changes in ((["36"], not is_same), (["36", UNKNOWN], True), (["36", "53"], True)):
        assert plugin.whole.diff(ID, {**olds}, inputs(*codes)).changes is changes


@pytest.mark.parametrize("opened", [[], ["36"]], ids=["closed", "open"])
def test_outputs_are_complete_and_never_shared(plugin: Plugin, sandbox: Sandbox, opened: list[str]) -> None:
    sandbox.set_open(opened)
    renamed = outputs("36") | {"directions": [{"code": "36", "name": "old", "english_name": "older"}]}
    acts: list[tuple[Callable[[], Any], Any]] = [
        (lambda: plugin.single.create({"code": "36", **PAYLOAD}).outs, HUNGARY),
        (lambda: plugin.single.update("36", {**HUNGARY}, {"code": "36"}).outs, HUNGARY),
        (lambda: plugin.whole.create(inputs("36")).outs, outputs("36")),
        (lambda: plugin.whole.update(ID, {}, inputs("36")).outs, outputs("36")),
        (lambda: plugin.whole.update(ID, copy.deepcopy(renamed), inputs("36")).outs, renamed),
    ]
    for act, expected in acts:
        made = act()
        assert json.loads(json.dumps(made)) == expected
        made["__provider"] = "the host writes into it"
        assert "__provider" not in act()
    assert sandbox.calls("PUT") == (not opened)
    plugin.single.delete("36", {})
    assert sandbox.open_codes == set(), "without outputs it is deleted by its id"
