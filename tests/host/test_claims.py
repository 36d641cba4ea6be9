"""What the program declares is never closed by the deletion of another resource: the engine's orders of calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from plusofon_pulumi.sandbox import CATALOGUE_PATH, Change, Sandbox
from plusofon_pulumi.sandbox.state import catalogue
from tests.host.conftest import StartHost
from tests.host.host import Host, RefusedError, at_once
from tests.host.properties import CUBA, HUNGARY, ID, state, whole

CODES = sorted({row.code for row in catalogue()})
STAYS = "{} stays open: the program still declares it"


def create(host: Host, code: str) -> None:
    """Do for a new resource what the engine does."""
    assert host.create(host.check({"code": code}).inputs).id == code


def replace(host: Host, old: dict[str, Any], code: str) -> None:
    """Do for a resource with another code what the engine does first; it deletes the old one in the end."""
    news = host.check({"code": code}, {"code": old["code"]}).inputs
    assert host.diff(old["code"], old, news).replaces == ["code"]
    create(host, code)


def keep(host: Host, code: str) -> None:
    assert host.check({"code": code}, {"code": code}).failures == []


ORDERS: dict[str, list[Callable[[Host], object]]] = {
    "renamed": [lambda h: create(h, "36"), lambda h: h.delete("36", HUNGARY), lambda h: keep(h, "53")],
    "swapped": [
        *(lambda h: keep(h, "36"), lambda h: keep(h, "53")),
        *(lambda h: replace(h, HUNGARY, "53"), lambda h: replace(h, CUBA, "36")),
        *(lambda h: h.delete("36", HUNGARY), lambda h: h.delete("53", CUBA)),
    ],
    "swapped, deleted first": [
        *(lambda h: h.check({"code": "53"}, {"code": "36"}), lambda h: h.check({"code": "36"}, {"code": "53"})),
        *(lambda h: h.delete("36", HUNGARY), lambda h: create(h, "53")),
        *(lambda h: h.delete("53", CUBA), lambda h: create(h, "36")),
    ],
    "replaced by force": [lambda h: keep(h, "36"), lambda h: create(h, "36"), lambda h: h.delete("36", HUNGARY)],
    "one of two removed": [lambda h: keep(h, "36"), lambda h: h.delete("36", HUNGARY)],
    "moved into a list": [
        *(lambda h: h.create(whole(**h.check(whole(["36", "53"])).inputs)), lambda h: h.delete("36", HUNGARY)),
        *(lambda h: h.delete("53", CUBA), lambda h: h.delete(ID, whole(**state(HUNGARY, CUBA, on_destroy="close")))),
    ],
    "moved out of a list": [
        *(lambda h: create(h, "36"), lambda h: create(h, "53")),
        lambda h: h.delete(ID, whole(**state(HUNGARY, CUBA, on_destroy="close"))),
    ],
}


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_declared_stays_open_without_a_write(host: Host, sandbox: Sandbox, order: str) -> None:
    sandbox.set_open(["36", "53"])
    for act in ORDERS[order]:
        act(host)
    assert sandbox.calls("PUT") + sandbox.calls("DELETE") == 0
    assert any("open: the program still declares" in line for line in host.lines)


def test_what_nobody_declares_any_more_is_closed(host: Host, sandbox: Sandbox) -> None:
    """`up --refresh` with a changed code asks `diff` with the old inputs, and a destroy asks no `check`."""
    sandbox.set_open(["36", "53"])
    host.diff("36", host.read("36", HUNGARY, {"code": "36"}).outputs, {"code": "36"})
    replace(host, HUNGARY, "53")
    host.delete("36", HUNGARY)
    assert sandbox.open_codes == {"53"}


FAILED: list[Callable[[Host, Sandbox], object]] = [
    lambda h, s: (s.fail_next(1, "status:403", path=CATALOGUE_PATH), h.check({"code": "36"})),
    lambda h, s: (s.fail_next(1, "status:403"), h.check({"code": "36"}, {"code": "36"})),
    lambda h, s: (s.fail_next(1, "status:403", path=CATALOGUE_PATH), h.check(whole(["36"]))),
    lambda h, s: (s.fail_next(1, "status:403", method="PUT"), refused(h.create, h.check({"code": "36"}).inputs)),
    lambda h, s: (
        s.fail_next(1, "status:403", method="PUT"),
        refused(h.create, whole(**h.check(whole(["36"])).inputs)),
    ),
]


def refused(call: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(RefusedError) as error:
        call(*arguments)
    return str(error.value)


@pytest.mark.parametrize("fail", FAILED)
def test_a_code_whose_new_owner_failed_keeps_its_old_one(
    start: StartHost, sandbox: Sandbox, fail: Callable[[Host, Sandbox], object]
) -> None:
    host = start()
    fail(host, sandbox)
    sandbox.set_open(["36"])
    text = refused(host.delete, "36", HUNGARY)
    assert "was not closed: the program declares the code in another resource" in text
    assert "Traceback" not in text
    assert sandbox.open_codes == {"36"}


MANAGED = "this account is managed by "
KINDS: dict[str, tuple[Callable[[Host], Any], Callable[[Host], Any], str]] = {
    "single, list": (
        lambda h: h.check({"code": "36"}), lambda h: h.check(whole(["7"])),
        f"{MANAGED}AllowedDirection resources of this program (36): add 36 to the codes of the AllowedDirections and "
        "remove those resources; they stay open",
    ),
    "list, single": (
        lambda h: h.check(whole(["7"])), lambda h: h.check({"code": "36"}),
        f"{MANAGED}an AllowedDirections of this program: add 36 to the codes of the AllowedDirections and remove this "
        "resource; it stays open",
    ),
    "two lists": (
        lambda h: h.check(whole(["7"])), lambda h: h.check(whole(["36"])),
        "another AllowedDirections of this program declares other codes for this account (7): keep one of them",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", KINDS)
def test_a_second_kind_is_refused(host: Host, case: str) -> None:
    first, second, told = KINDS[case]
    assert first(host).failures == []
    assert second(host).failures == [("", told)]


# Many at once


def test_what_is_opened_and_closed_at_once_by_many_threads_ends_as_declared(host: Host, sandbox: Sandbox) -> None:
    before, after = CODES[:30], CODES[15:45]
    sandbox.set_open(before)
    checked = at_once([partial(host.check, {"code": code}) for code in after])
    opening: list[Callable[[], Any]] = [partial(host.create, each.inputs) for each in checked]
    closing: list[Callable[[], Any]] = [partial(host.delete, code, {"code": code}) for code in before]
    at_once([call for pair in zip(opening, closing, strict=True) for call in pair])
    assert sandbox.open_codes == {*after}
    assert sandbox.max_writes_under_way == 1
    closed = [
        code for change in sandbox.history if change == Change("close", change.codes, "api") for code in change.codes
    ]
    assert sorted(closed) == sorted({*before} - {*after})
    assert all(
        line.startswith(("will open ", "opened ", "closed ", "more ")) or line.endswith("declares it")
        for line in host.lines
    )
