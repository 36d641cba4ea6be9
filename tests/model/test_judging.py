"""No exception is granted freely: what a run broke is seen. (That a search sees it: test_mutants.py.)"""

from __future__ import annotations

from dataclasses import replace

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, Change, Request
from plusofon_pulumi.sandbox.state import catalogue
from tests.model.judging import Seen, judge
from tests.model.program import Declared, Entry
from tests.model.simulation import ALL, ONE


def get(fault: str | None = None) -> Request:
    return Request("GET", ALLOWED_PATH, {}, {}, status=200, fault=fault)


def put(code: str, fault: str | None = None) -> Request:
    ids = [row.id for row in catalogue() if row.code == code]
    return Request("PUT", ALLOWED_PATH, {}, {}, {"direction_ids": ids}, status=200, fault=fault)


def single(name: str, code: str) -> Entry:
    return Entry((ONE, name), code, {"code": code}, {"code": code})


LIST = Entry((ALL, "w"), "allowed-directions", {}, {"codes": [], "on_destroy": "retain"})
OPENED = Change("open", ["36"], "api")
OPEN = frozenset({"36"})
ONE36 = Declared(ONE, ("36",))
DONE = Seen("up", {"a": ONE36}, (), (single("a", "36"),), (OPENED,), (get(), put("36"), get()), frozenset(), OPEN)
# Opened, and answered with an error; then the list could not be read.
UNSEEN = replace(DONE, after=(), failed=True, output="36 may not have been opened")
UNSEEN = replace(UNSEEN, requests=(get(), put("36", "success-false:after"), get("status:403")))
SWAP = {"a": Declared(ONE, ("58",), delete_first=True), "b": ONE36}
SWAPPED = replace(DONE, program=SWAP, changes=(Change("close", ["36"], "api"), Change("open", ["36", "58"], "api")))
SWAPPED = replace(SWAPPED, after=(single("a", "58"), single("b", "36")), open=frozenset({"36", "58"}))
BELIEVED = replace(DONE, changes=(), open=frozenset(), requests=(put("36", "ignore"), get("status:403")))
BELIEVED = replace(BELIEVED, output="but its list could not be read")

# What is granted is also in test_histories, as it happens; what is found, in test_mutants, by searches.
CASES: dict[str, tuple[Seen, set[str]]] = {
    "opens though it only closes": (replace(DONE, only_closes=True), {"open"}),
    "closes what was to be deleted first": (replace(SWAPPED, before=(single("a", "36"),)), {"asked"}),
    "closes what was not": (replace(SWAPPED, before=(single("b", "36"),)), {"kept"}),
    "fails, and what it made is closed": (replace(DONE, open=frozenset(), failed=True), {"true"}),
    "raced": (replace(DONE, open=frozenset(), acts=[(3, OPEN)]), {"raced"}),
    "noticed": (replace(DONE, open=frozenset(), acts=[(1, OPEN)]), {"noticed"}),
    "vanished": (replace(DONE, after=(), failed=True, output="36 is open, but 44"), {"vanished"}),
    "believed": (BELIEVED, {"believed"}),
    "believed without a word": (replace(BELIEVED, output=""), {"true"}),
    "believed, and it was seen": (replace(BELIEVED, requests=(put("36", "ignore"), get())), {"true"}),
    "unseen": (UNSEEN, {"blind"}),
    "unseen and untold": (replace(UNSEEN, output=""), {"owned"}),
    "unseen, and it succeeded": (replace(UNSEEN, failed=False), {"owned"}),
    "seen": (replace(UNSEEN, requests=(put("36"), get("status:503"), get())), {"owned"}),
    "opened in an earlier run": (replace(UNSEEN, changes=()), {"owned"}),
    "killed too late": (replace(DONE, after=(), killed=True), {"owned"}),
    "a lost list": (Seen("refresh", {}, (LIST,)), {"error"}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_run_broke_is_seen_and_what_it_may_is_not(case: str) -> None:
    seen, expected = CASES[case]
    assert {name for name, _ in judge(seen, OPEN & seen.open)} == expected
