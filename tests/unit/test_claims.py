"""What the program declares is never closed, and one kind of resource rules an account: the orders of the calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plusofon_pulumi.errors import DirectionClaimedError
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.conftest import Plugin
from tests.unit.support import UNKNOWN, calls, error_of, inputs, outputs
from tests.unit.test_provider import CUBA, HUNGARY, ID, many, one, reasons

STAYS = "36 (Hungary) stays open: the program still declares it"
Check = Callable[[Plugin], Any]


# What declares 36, and fails; the first call of the method fails.
FAILED: dict[str, tuple[str, Check]] = {
    "the catalogue cannot be read": ("GET", lambda p: one(p, "36")),
    "the list cannot be read": ("GET", lambda p: one(p, "36", old="36")),
    "the list's catalogue cannot be read": ("GET", lambda p: many(p, "36")),
    "another code of the list cannot work": ("", lambda p: many(p, "36", "Hungary")),
    "on_destroy cannot work": ("", lambda p: p.whole.check({}, inputs("36", on_destroy="no"))),
    "another kind came first": ("", lambda p: (many(p, "53", old=["53"]), one(p, "36"))),
    "a create failed": ("PUT", lambda p: (one(p, "36"), error_of(lambda: p.single.create({"code": "36"})))),
    "an update failed": ("PUT", lambda p: (one(p, "36"), error_of(lambda: p.single.update("36", {}, {"code": "36"})))),
    "a list failed": ("PUT", lambda p: (many(p, "36"), error_of(lambda: p.whole.create(inputs("36"))))),
}


@pytest.mark.parametrize("case", FAILED)
def test_a_deletion_raises_while_every_declaration_has_failed(plugin: Plugin, sandbox: Sandbox, case: str) -> None:
    method, declare = FAILED[case]
    if method:
        sandbox.fail_next(1, "status:403", method=method)
    declare(plugin)
    sandbox.set_open(["36"])
    account = plugin.single.account()
    account._live.invalidate()
    account._catalogue.invalidate()
    account.catalogue().find_one("36")
    why = "the program declares the code in another resource, which could not be made"
    for delete, id_, props, what in [
        (plugin.single.delete, "36", HUNGARY, "was not closed"),
        (plugin.whole.delete, ID, outputs("36", on_destroy="close"), "was not closed"),
        (plugin.whole.delete, ID, outputs("36"), "was not given up"),
    ]:
        with pytest.raises(DirectionClaimedError, match=rf"^36 \(Hungary\) {what}: {why}"):
            delete(id_, {**props})
    account.open("36", plugin.lines.append)
    plugin.single.delete("36", {**HUNGARY})
    assert plugin.lines[-1] == STAYS
    assert sandbox.open_codes == {"36"}


def test_a_list_that_is_in_state_already_owns_its_codes(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    many(plugin, "36", old=["36"])
    assert one(plugin, "36").failures
    plugin.single.delete("36", {**HUNGARY})
    assert plugin.lines == [STAYS]


DECLARED: list[Check] = [lambda p: one(p, "36"), lambda p: one(p, "36", old="36"), lambda p: many(p, "36", UNKNOWN)]
DECLARED += [lambda p: (many(p, "36", UNKNOWN), many(p, "7"))]
DECLARED += [lambda p: (one(p, "36"), one(p, "36")), lambda p: many(p, "36"), lambda p: (many(p, "36"), many(p, "36"))]


@pytest.mark.parametrize("declare", DECLARED)
def test_a_deletion_leaves_a_declared_code_open_and_says_so(plugin: Plugin, sandbox: Sandbox, declare: Check) -> None:
    sandbox.set_open(["36", "53"])
    declare(plugin)
    del plugin.lines[:]
    plugin.single.delete("36", {**HUNGARY})
    plugin.whole.delete(ID, outputs("36", "53", on_destroy="close"))
    assert plugin.lines == [STAYS, "closed 53 (Cuba)", STAYS], "and nothing of what is left: it is declared"
    assert sandbox.open_codes == {"36"}


def test_only_check_claims(plugin: Plugin, sandbox: Sandbox) -> None:
    sandbox.set_open(["36", "53"])
    plugin.single.read("36", {**HUNGARY})
    plugin.single.diff("36", {**HUNGARY}, {"code": "36"})
    plugin.whole.diff(ID, outputs("36"), inputs("36", "53"))
    one(plugin, UNKNOWN, old="36")
    plugin.single.delete("36", {**HUNGARY})
    plugin.single.delete("53", {**CUBA})
    assert sandbox.open_codes == set()


MANAGED = "this account is managed by"
ADD = "to the codes of the AllowedDirections, if missing, and remove"
KEPT = "the list keeps its codes open"


def own(codes: str) -> str:
    return f"{MANAGED} an AllowedDirections of this program: add {codes} {ADD} this resource; {KEPT}"


def singles(codes: str) -> str:
    those = f"add {codes} {ADD} those resources; {KEPT}"
    return f"{MANAGED} AllowedDirection resources of this program: {those}"


def another(codes: str) -> str:
    other = "another AllowedDirections of this program declares other codes for this account"
    return f"{other} ({codes}): keep one of them"


def unknown(plugin: Plugin) -> Any:
    return plugin.whole.check({}, {"codes": UNKNOWN})


UNKNOWN_SINGLE = singles("their codes")
# What is checked, and what the last check is refused for.
KINDS: dict[str, tuple[list[Check], str]] = {
    "singles, list": ([lambda p: one(p, "36"), lambda p: one(p, "7"), lambda p: many(p, "44")], singles("7, 36")),
    "list, single": ([lambda p: many(p, "7"), lambda p: one(p, "36")], own("36")),
    "list, single of its code": ([lambda p: many(p, "36"), lambda p: one(p, "36")], own("36")),
    "both of old": ([lambda p: many(p, "7", old=["7"]), lambda p: one(p, "36", old="36")], own("36")),
    "unknown single, list": ([lambda p: one(p, UNKNOWN), lambda p: many(p, "7")], UNKNOWN_SINGLE),
    "list, unknown single": ([lambda p: many(p, "7"), lambda p: one(p, UNKNOWN)], own("the code")),
    "unknown list, single": ([unknown, lambda p: one(p, "36")], own("36")),
    "single, unknown list": ([lambda p: one(p, "36"), unknown], singles("36")),
    "failed single, list": ([lambda p: one(p, "no"), lambda p: many(p, "7")], UNKNOWN_SINGLE),
    "failed single of a code, list": ([lambda p: one(p, "999"), lambda p: many(p, "7")], singles("999")),
    "failed list, single": ([lambda p: p.whole.check({}, {"codes": "36"}), lambda p: one(p, "36")], own("36")),
    "two equal lists": ([lambda p: many(p, "7", "36"), lambda p: many(p, "36", "+7")], ""),
    "two other lists": ([lambda p: many(p, "7", "36"), lambda p: many(p, "36")], another("7, 36")),
    "an empty list and another": ([many, lambda p: many(p, "36")], another("none")),
    "two lists, one not known": ([lambda p: many(p, "7", UNKNOWN), lambda p: many(p, "36")], ""),
    "two singles of one code": ([lambda p: one(p, "36"), lambda p: one(p, "36")], ""),
}


@pytest.mark.parametrize("case", KINDS)
def test_one_kind_rules_an_account_in_every_order(plugin: Plugin, sandbox: Sandbox, case: str) -> None:
    sandbox.set_open(["7"])
    (*before, last), told = KINDS[case]
    for check in before:
        check(plugin)
    calls(sandbox)
    assert reasons(last(plugin)) == ([("", told)] if told else [])
    assert calls(sandbox) == [] or not told, "a refusal asks nobody"
