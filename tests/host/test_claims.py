"""What the program declares is never closed: some orders of the engine's calls; tests/unit/test_claims.py has more."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.state import catalogue
from tests.host.host import Host, at_once
from tests.host.properties import CUBA, HUNGARY, ID, state, whole
from tests.overlap import writes_at_once

CODES = sorted({row.code for row in catalogue()})


def create(host: Host, code: str) -> None:
    """Do for a new resource what the engine does."""
    assert host.create(host.check({"code": code}).inputs).id == code


def replace(host: Host, old: dict[str, Any], code: str) -> None:
    """Do for a resource with another code what the engine does first; it deletes the old one in the end."""
    news = host.check({"code": code}, {"code": old["code"]}).inputs
    assert host.diff(old["code"], old, news).replaces == ["code"]
    create(host, code)


ORDERS: dict[str, list[Callable[[Host], object]]] = {
    "swapped": [
        *(lambda h: replace(h, HUNGARY, "53"), lambda h: replace(h, CUBA, "36")),
        *(lambda h: h.delete("36", HUNGARY), lambda h: h.delete("53", CUBA)),
    ],
    "swapped, deleted first": [
        *(lambda h: h.check({"code": "53"}, {"code": "36"}), lambda h: h.check({"code": "36"}, {"code": "53"})),
        *(lambda h: h.delete("36", HUNGARY), lambda h: create(h, "53")),
        *(lambda h: h.delete("53", CUBA), lambda h: create(h, "36")),
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
    """`up --refresh` with a changed code asks `diff` with the old inputs, which claim nothing."""
    sandbox.set_open(["36", "53"])
    host.diff("36", host.read("36", HUNGARY, {"code": "36"}).outputs, {"code": "36"})
    replace(host, HUNGARY, "53")
    host.delete("36", HUNGARY)
    assert sandbox.open_codes == {"53"}


def test_what_is_opened_and_closed_at_once_by_many_threads_ends_as_declared(host: Host, sandbox: Sandbox) -> None:
    before, after = CODES[:30], CODES[15:45]
    sandbox.set_open(before)
    checked = at_once([partial(host.check, {"code": code}) for code in after])
    opening: list[Callable[[], Any]] = [partial(host.create, each.inputs) for each in checked]
    closing: list[Callable[[], Any]] = [partial(host.delete, code, {"code": code}) for code in before]
    at_once([call for pair in zip(opening, closing, strict=True) for call in pair])
    assert sandbox.open_codes == {*after}
    assert writes_at_once(sandbox) == 1
    closed = [code for event, codes, by in sandbox.history if (event, by) == ("close", "api") for code in codes]
    assert sorted(closed) == sorted({*before} - {*after})
    whole_line = r"(will open|opened|closed|there are more) .*|.* still declares (it|them)"
    assert [line for line in host.lines if not re.fullmatch(whole_line, line)] == []
