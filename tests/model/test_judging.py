"""Both searches can fail: each broken invariant is seen in a run, and no exception is granted freely."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, Change, Request
from plusofon_pulumi.sandbox.state import catalogue
from tests.model.judging import Seen, judge
from tests.model.program import Declared, Entry
from tests.model.simulation import ALL, ONE


def single(name: str, code: str, **more: Any) -> Entry:
    return Entry((ONE, name), code, {"code": code}, {"code": code}, **more)


def whole(*codes: str, on_destroy: str = "retain") -> Entry:
    outputs = {"codes": list(codes), "on_destroy": on_destroy}
    return Entry((ALL, "w"), "allowed-directions", dict(outputs), outputs)


def opens(*codes: str) -> Change:
    return Change("open", list(codes), "api")


def closes(*codes: str) -> Change:
    return Change("close", list(codes), "api")


def get(fault: str | None = None) -> Request:
    return Request("GET", ALLOWED_PATH, {}, {}, status=200, fault=fault)


def put(code: str, fault: str | None = None) -> Request:
    ids = [row.id for row in catalogue() if row.code == code]
    return Request("PUT", ALLOWED_PATH, {}, {}, {"direction_ids": ids}, status=200, fault=fault)


DELETE = Request("DELETE", ALLOWED_PATH, {}, {}, {"codes": ["58"]}, status=200)
A36, W36 = single("a", "36"), whole("36")
OPEN = frozenset({"36"})
FIRST = Declared(ONE, ("58",), delete_first=True)
ONE36, LIST = {"a": Declared(ONE, ("36",))}, {"w": Declared(ALL, ("36", "44"), "close")}
DONE = Seen("up", ONE36, (), (A36,), (opens("36"),), (get(), put("36"), get()), frozenset(), OPEN)
# Opened, and answered with an error; then the list could not be read.
UNSEEN = replace(
    DONE,
    after=(),
    failed=True,
    output="36 may not have been opened",
    requests=(get(), put("36", "success-false:after"), get("status:403")),
)
READ = Seen("refresh", before=(W36,), after=(whole("36", "44"),), requests=(get(),), open=frozenset({"36", "44"}))
LISTED = Seen(
    "up", LIST, (), (whole("36", "44"),), (closes("58"), opens("36", "44")), (DELETE, get(), put("36"), get())
)
LISTED = replace(LISTED, open=frozenset({"36", "44"}))
STUCK = frozenset({"36", "44", "53"})
SWAPPED = replace(DONE, program={"a": FIRST, "b": ONE36["a"]}, changes=(closes("36"), opens("36", "58")), before=(A36,))
SWAPPED = replace(SWAPPED, after=(single("a", "58"), single("b", "36")), open=frozenset({"36", "58"}))
KILLED = replace(DONE, after=(), failed=True, killed=True)
GONE = Seen("refresh", {}, (A36,), (), open=OPEN)
BELIEVED = replace(DONE, changes=(), open=frozenset(), requests=(put("36", "ignore"), get("status:403")))
BELIEVED = replace(BELIEVED, output="but its list could not be read")

CASES: dict[str, tuple[Seen, set[str]]] = {
    "good": (DONE, set()),
    "opens what nobody declares": (replace(DONE, changes=(opens("36"), opens("44"))), {"open"}),
    "opens though it only closes": (replace(DONE, only_closes=True), {"open"}),
    "closes what is declared": (replace(DONE, changes=(closes("36"), opens("36")), before=(A36,)), {"kept"}),
    "closes what was to be deleted first": (SWAPPED, {"asked"}),
    "closes what was not": (replace(SWAPPED, before=(single("b", "36"),)), {"kept"}),
    "closes nobody's": (replace(DONE, changes=(opens("36"), closes("44"))), {"foreign"}),
    "closes what is retained": (replace(DONE, before=(whole("44"),), changes=(closes("44"),)), {"foreign"}),
    "writes in a refresh": (replace(GONE, after=(A36,), changes=(closes("36"),), open=frozenset()), {"quiet", "true"}),
    "list": (LISTED, set()),
    "opens before it closes": (replace(LISTED, requests=(DELETE, put("36"), get())), {"order"}),
    "leaves another open": (replace(LISTED, open=frozenset({"36", "44", "53"})), {"true"}),
    "succeeds, and it is closed": (replace(DONE, open=frozenset()), {"true"}),
    "leaves one open and opens": (replace(LISTED, open=STUCK, open_before=STUCK, failed=True), {"order"}),
    "fails, and what it made is closed": (replace(DONE, open=frozenset(), failed=True), {"true"}),
    "raced": (replace(DONE, open=frozenset(), acts=[(3, OPEN)]), {"raced"}),
    "noticed": (replace(DONE, open=frozenset(), acts=[(1, OPEN)]), {"noticed"}),
    "vanished": (replace(DONE, after=(), failed=True, output="36 is open, but 44"), {"vanished"}),
    "believed": (BELIEVED, {"believed"}),
    "believed without a word": (replace(BELIEVED, output=""), {"true"}),
    "believed, and it was seen": (replace(BELIEVED, requests=(put("36", "ignore"), get())), {"true"}),
    "in nobody's state": (replace(DONE, after=()), {"owned"}),
    "unseen": (UNSEEN, {"blind"}),
    "unseen and untold": (replace(UNSEEN, output=""), {"owned"}),
    "unseen, and it succeeded": (replace(UNSEEN, failed=False), {"owned"}),
    "seen": (replace(UNSEEN, requests=(put("36"), get("status:503"), get())), {"owned"}),
    "opened in an earlier run": (replace(UNSEEN, changes=()), {"owned"}),
    "killed": (KILLED, {"blind"}),
    "killed too late": (replace(KILLED, failed=False), {"owned"}),
    "half a list": (replace(LISTED, after=(), failed=True), {"partial"}),
    "a retained list": (Seen("destroy", {}, (W36,), open=OPEN), {"retained"}),
    "a closing list": (Seen("destroy", {}, (whole("36", on_destroy="close"),), open=OPEN), {"owned"}),
    "gone, and open": (GONE, {"owned", "error"}),
    "read": (READ, set()),
    "not read": (replace(READ, after=(whole(),)), {"error", "owned"}),
    "read with a fault": (replace(READ, requests=(get("status:503"), get()), after=(W36,)), set()),
    "not readable, and recorded": (replace(READ, requests=(get("status:403"),), failed=True), {"error"}),
    "a lost list": (Seen("refresh", {}, (whole(),)), {"error"}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_run_broke_is_seen_and_what_it_may_is_not(case: str) -> None:
    seen, expected = CASES[case]
    ours = OPEN & seen.open
    found = {name for name, _ in judge(seen, ours)}
    assert found == expected
