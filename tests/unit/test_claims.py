"""What the program declares is never closed, and one kind of resource rules an account: the orders of the calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plusofon_pulumi.errors import DirectionClaimedError, PlusofonError
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.conftest import Plugin
from tests.unit.support import UNKNOWN, calls, inputs, outputs
from tests.unit.test_provider import CUBA, HUNGARY, ID, many, one, reasons

STAYS = "36 (Hungary) stays open: the program still declares it"


def refused(plugin: Plugin, act: Callable[[], object]) -> str:
    with pytest.raises(DirectionClaimedError) as raised:
        act()
    return str(raised.value)


# Each order has 36 declared, by a check that failed or passed, and open when 36's old resource is deleted.

FAULTS: dict[str, Callable[[Plugin, Sandbox], object]] = {
    "the catalogue cannot be read": lambda p, s: (s.fail_next(1, "status:403"), one(p, "36")),
    "the list cannot be read": lambda p, s: (s.fail_next(1, "status:403"), one(p, "36", old="36")),
    "the whole list's catalogue cannot be read": lambda p, s: (s.fail_next(1, "status:403"), many(p, "36")),
    "another code of the list cannot work": lambda p, s: many(p, "36", "Hungary"),
    "on_destroy cannot work": lambda p, s: p.whole.check({}, inputs("36", on_destroy="no")),
    "a create failed": lambda p, s: (one(p, "36"), s.fail_next(1, "status:403", method="PUT"), fails(p.single.create, {"code": "36"})),
    "an update failed": lambda p, s: (one(p, "36"), s.fail_next(1, "status:403", method="PUT"), fails(p.single.update, "36", {}, {"code": "36"})),
    "a list failed": lambda p, s: (many(p, "36"), s.fail_next(1, "status:403", method="PUT"), fails(p.whole.create, inputs("36"))),
    "another kind came first": lambda p, s: (many(p, "53", old=["53"]), one(p, "36")),
}  # fmt: skip


def fails(call: Callable[..., object], *arguments: Any) -> None:
    with pytest.raises(PlusofonError):
        call(*arguments)


@pytest.mark.parametrize("case", FAULTS)
def test_a_deletion_raises_while_no_declaration_has_succeeded_and_one_has_failed(
    plugin: Plugin, sandbox: Sandbox, case: str
) -> None:
    FAULTS[case](plugin, sandbox)
    sandbox.set_open(["36"])
    plugin.single.account()._live.invalidate()
    plugin.single.account()._catalogue.invalidate()
    plugin.single.account().direction("36")
    text = refused(plugin, lambda: plugin.single.delete("36", {**HUNGARY}))
    assert text.startswith(
        "36 (Hungary) was not closed: the program declares the code in another resource, which could"
    )
    for on_destroy, what in (("retain", "was not given up"), ("close", "was not closed")):
        text = refused(plugin, lambda: plugin.whole.delete(ID, outputs("36", on_destroy=on_destroy)))  # noqa: B023
        assert text.startswith(f"36 (Hungary) {what}: the program declares the code")
    assert sandbox.open_codes == {"36"}
    plugin.single.account().open("36", plugin.lines.append)
    plugin.single.delete("36", {**HUNGARY})
    assert sandbox.open_codes == {"36"}
    assert STAYS in plugin.lines


@pytest.mark.parametrize("declare", [
    lambda p: one(p, "36"), lambda p: one(p, "36", old="36"), lambda p: (one(p, "36"), one(p, "36")),
    lambda p: many(p, "36"), lambda p: many(p, "36", UNKNOWN), lambda p: (many(p, "36"), many(p, "36")),
])  # fmt: skip
def test_a_deletion_leaves_a_declared_code_open_and_says_so(
    plugin: Plugin, sandbox: Sandbox, declare: Callable[[Plugin], object]
) -> None:
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


# One kind


def own(codes: str) -> str:
    it = "it stays open"
    return f"this account is managed by an AllowedDirections of this program: add {codes} to the codes of the AllowedDirections and remove this resource; {it}"  # noqa: E501


def singles(codes: str, add: str = "") -> str:
    managed = f"this account is managed by AllowedDirection resources of this program ({codes})"
    return f"{managed}: add {add or codes} to the codes of the AllowedDirections and remove those resources; they stay open"


def another(codes: str) -> str:
    return (
        f"another AllowedDirections of this program declares other codes for this account ({codes}): keep one of them"
    )


CHECKS: dict[str, tuple[list[Callable[[Plugin], Any]], str]] = {
    "single, list": ([lambda p: one(p, "36"), lambda p: one(p, "44"), lambda p: many(p, "7")], singles("36, 44")),
    "list, single": ([lambda p: many(p, "7"), lambda p: one(p, "36")], own("36")),
    "list, single of its code": ([lambda p: many(p, "36"), lambda p: one(p, "36")], own("36")),
    "old list, old single": ([lambda p: many(p, "7", old=["7"]), lambda p: one(p, "36", old="36")], own("36")),
    "unknown single, list": ([lambda p: one(p, UNKNOWN), lambda p: many(p, "7")], singles("not known yet", "their codes")),
    "list, unknown single": ([lambda p: many(p, "7"), lambda p: one(p, UNKNOWN)], own("the code")),
    "unknown list, single": ([lambda p: p.whole.check({}, {"codes": UNKNOWN}), lambda p: one(p, "36")], own("36")),
    "single, unknown list": ([lambda p: one(p, "36"), lambda p: p.whole.check({}, {"codes": UNKNOWN})], singles("36")),
    "failed single, list": ([lambda p: one(p, "no"), lambda p: many(p, "7")], singles("not known yet", "their codes")),
    "failed single of a code, list": ([lambda p: one(p, "999"), lambda p: many(p, "7")], singles("999")),
    "failed list, single": ([lambda p: p.whole.check({}, {"codes": "36"}), lambda p: one(p, "36")], own("36")),
    "two equal lists": ([lambda p: many(p, "7", "36"), lambda p: many(p, "36", "+7")], ""),
    "two other lists": ([lambda p: many(p, "7", "36"), lambda p: many(p, "36")], another("7, 36")),
    "an empty list and another": ([lambda p: many(p), lambda p: many(p, "36")], another("none")),
    "two lists, one not known": ([lambda p: many(p, "7", UNKNOWN), lambda p: many(p, "36")], ""),
    "two singles of one code": ([lambda p: one(p, "36"), lambda p: one(p, "36")], ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CHECKS)
def test_one_kind_rules_an_account_in_every_order(plugin: Plugin, sandbox: Sandbox, case: str) -> None:
    sandbox.set_open(["7"])
    checks, told = CHECKS[case]
    for check in checks[:-1]:
        check(plugin)
    calls(sandbox)
    assert reasons(checks[-1](plugin)) == ([("", told)] if told else [])
    assert calls(sandbox) == [] or not told, "a refusal asks nobody"
