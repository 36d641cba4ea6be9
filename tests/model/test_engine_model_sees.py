"""The search on the real engine can fail: each invariant is seen when it is broken, and no exception is granted freely.

Made-up runs, without an engine; test_engine_model.py ends with a few on the real one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, Change, Request
from plusofon_pulumi.sandbox.state import catalogue
from tests.model.model import EXCEPTIONS, INVARIANTS, Declared
from tests.model.test_engine_model import (
    TYPES,
    Noted,
    Seen,
    expected_of,
    judge,
    least,
    noted,
    replaced_first,
    was_unseen,
)
from tests.model.simulation import ALL, ONE, sandbox_of

UNTOLD = "36 may not have been opened"


def codes(*given: str) -> frozenset[str]:
    return frozenset(given)


def single(name: str, code: str, **more: Any) -> Noted:
    return Noted((ONE, name), code, {"code": code}, {"code": code}, **more)


def whole(name: str, *given: str, on_destroy: str = "retain", **more: Any) -> Noted:
    outputs = {"codes": list(given), "on_destroy": on_destroy}
    return Noted((ALL, name), "allowed-directions", dict(outputs), outputs, **more)


def opening(*given: str) -> Change:
    return Change("open", list(given), "api")


def closing(*given: str) -> Change:
    return Change("close", list(given), "api")


def get(fault: str | None = None, *, path: str = ALLOWED_PATH) -> Request:
    return Request("GET", path, {}, {}, status=200, fault=fault)


def put(code: str, fault: str | None = None) -> Request:
    ids = [row.id for row in catalogue() if row.code == code]
    return Request("PUT", ALLOWED_PATH, {}, {}, {"direction_ids": ids}, status=200, fault=fault)


def delete(code: str) -> Request:
    return Request("DELETE", ALLOWED_PATH, {}, {}, {"codes": [code]}, status=200)


def names(seen: Seen, ours: frozenset[str] = codes(), loose: frozenset[str] = codes()) -> set[str]:
    found = {name for name, _ in judge(seen, ours, loose)}
    assert found <= INVARIANTS.keys() | EXCEPTIONS.keys()
    return found


HUNGARY = {"a": Declared(ONE, ("36",))}
LIST = {"w": Declared(ALL, ("36", "44"), "close")}

DONE = Seen("up", HUNGARY, (), (single("a", "36"),), (opening("36"),), (get(), put("36"), get()), codes(), codes("36"))
# Opened, and answered with an error; then the list could not be read.
UNSEEN = replace(
    DONE,
    after=(),
    requests=(get(), put("36", "success-false:after"), get("status:403")),
    failed=True,
    output=UNTOLD,
)


def test_a_good_run_breaks_nothing_and_needs_nothing() -> None:
    assert names(DONE, codes("36")) == set()


# What is written


def test_an_opening_of_what_nobody_declares_is_seen() -> None:
    assert names(replace(DONE, changes=(opening("36"), opening("44")))) == {"open"}
    assert "open" in names(replace(DONE, operation="destroy"))


@pytest.mark.parametrize("operation", ["preview", "refresh"])
def test_a_write_of_what_must_only_read_is_seen(operation: str) -> None:
    seen = Seen(operation, HUNGARY, (single("a", "36"),), (single("a", "36"),), (closing("36"),))
    assert "quiet" in names(seen)


def test_a_declared_code_that_is_closed_is_seen() -> None:
    assert names(replace(DONE, before=(single("b", "36"),), changes=(closing("36"), opening("36")))) == {"kept"}


def test_a_closing_of_what_no_resource_had_is_seen() -> None:
    assert names(replace(DONE, changes=(opening("36"), closing("44")))) == {"foreign"}
    assert names(replace(DONE, before=(single("b", "44"),), changes=(closing("44"),))) == set()


def test_a_closing_of_what_is_retained_is_seen() -> None:
    assert names(replace(DONE, before=(whole("w", "44"),), changes=(closing("44"),))) == {"foreign"}
    assert names(replace(DONE, before=(whole("w", "44", on_destroy="close"),), changes=(closing("44"),))) == set()


def test_a_closing_of_what_was_deleted_before_its_replacement_is_seen() -> None:
    seen = replace(DONE, before=(single("b", "44", is_gone=True),), changes=(closing("44"),))
    assert names(seen) == {"foreign"}


def test_what_a_refresh_in_the_same_run_has_found_may_be_closed_with_the_list() -> None:
    seen = replace(
        DONE,
        before=(whole("w", on_destroy="close"),),
        changes=(closing("44"),),
        open_before=codes("44"),
        refreshes=True,
    )
    assert names(seen) == set()
    assert names(replace(seen, refreshes=False)) == {"foreign"}
    assert names(replace(seen, before=(whole("w"),))) == {"foreign"}


def test_a_list_that_opens_before_it_closes_is_seen() -> None:
    after, changes = (whole("w", "36", "44", on_destroy="close"),), (closing("58"), opening("36", "44"))
    seen = Seen("up", LIST, (), after, changes, (delete("58"), put("36")), codes("58"), codes("36", "44"))
    assert names(seen) == set()
    assert names(replace(seen, requests=(put("36"), delete("58")))) == {"order"}


SWAP = {"a": Declared(ONE, ("58",), delete_first=True), "b": Declared(ONE, ("36",))}


def swapped(program: dict[str, Declared]) -> Seen:
    after = (single("a", "58"), single("b", "36"))
    changes = (closing("36"), opening("36", "58"))
    return Seen("up", program, (single("a", "36"),), after, changes, open=codes("36", "58"))


def test_a_declared_code_may_be_closed_where_its_resource_is_to_be_deleted_first() -> None:
    assert names(swapped(SWAP)) == {"asked"}


def test_a_declared_code_may_not_be_closed_because_anything_is_to_be_deleted_first() -> None:
    other = {**SWAP, "a": Declared(ONE, ("58",)), "c": Declared(ONE, ("53",), delete_first=True)}
    assert "kept" in names(swapped(other))
    # It is declared so, and keeps its code.
    assert "kept" in names(swapped({"a": Declared(ONE, ("36",), delete_first=True)}))
    # Another resource is replaced.
    assert "kept" in names(replace(swapped(SWAP), before=(single("a", "53"), single("b", "36"))))
    # It was deleted in an earlier run.
    assert "kept" in names(replace(swapped(SWAP), before=(single("a", "36", is_gone=True),)))


def test_a_resource_is_known_by_its_alias() -> None:
    program = {"c": Declared(ONE, ("58",), delete_first=True, alias=(ONE, "a"))}
    assert replaced_first(Seen("up", program, (single("a", "36"),))) == {"36"}
    assert replaced_first(Seen("up", program, (single("a", "36", is_condemned=True),))) == set()
    assert replaced_first(Seen("destroy", program, (single("a", "36"),))) == set()


# What is in nobody's state


def test_what_is_ours_and_in_nobody_s_state_is_seen() -> None:
    assert names(replace(DONE, after=()), codes("36")) == {"owned"}
    assert names(replace(DONE, after=()), codes("36"), loose=codes("36")) == set()


def test_a_creation_of_which_nothing_could_be_seen_is_granted() -> None:
    assert names(UNSEEN, codes("36")) == {"blind"}


@pytest.mark.parametrize(
    "changed",
    [
        {"failed": False},
        {"output": "36 was not opened"},
        {"requests": (get("status:403"), put("36", "success-false:after"), get())},
        {"requests": (get(), put("36", "success-false:after"), get("status:503"), get())},
        {"requests": (get(), put("44"), get("status:403"))},
        {"requests": (put("36"), get("status:403"), put("36"), get())},
        {"requests": (put("36"), get("status:403", path="/api/v1/directions"))},
        {"changes": ()},
        {"program": {"b": Declared(ONE, ("44",))}, "changes": (opening("44"),)},
    ],
    ids=[
        "succeeded",
        "untold",
        "read after",
        "repeated",
        "other",
        "written again",
        "catalogue",
        "earlier",
        "undeclared",
    ],
)
def test_a_failed_creation_is_not_granted_without_its_evidence(changed: dict[str, Any]) -> None:
    assert "owned" in names(replace(UNSEEN, **changed), codes("36"))


def test_what_the_client_repeats_has_failed_only_where_each_attempt_has() -> None:
    assert not was_unseen("36", [put("36"), *[get("status:503")] * 4])
    assert was_unseen("36", [put("36"), *[get("status:503")] * 5])


def test_a_kill_excuses_only_what_was_opened_in_its_run() -> None:
    killed = replace(DONE, after=(), requests=(get(), put("36")), failed=True, killed=True)
    assert names(killed, codes("36")) == {"blind"}
    assert names(replace(killed, changes=()), codes("36")) == {"owned"}
    # It came too late to break anything.
    assert names(replace(killed, failed=False), codes("36")) == {"owned"}
    assert names(replace(killed, killed=False), codes("36")) == {"owned"}


HALF = Seen(
    "up",
    LIST,
    before=(whole("w", on_destroy="close"),),
    after=(whole("w", on_destroy="close"),),
    changes=(opening("36"),),
    open=codes("36"),
    failed=True,
)


def test_a_half_done_list_is_granted() -> None:
    assert names(HALF, codes("36")) == {"partial"}
    assert names(replace(HALF, killed=True), codes("36")) == {"partial"}


@pytest.mark.parametrize(
    "changed",
    [
        {"failed": False},
        {"changes": ()},
        {"program": HUNGARY},
        {"program": {"w": Declared(ALL, ("44",), "close")}, "changes": ()},
        {"operation": "destroy", "changes": ()},
    ],
    ids=["succeeded", "earlier", "no list", "not in the list", "destroy"],
)
def test_a_half_done_list_is_not_granted_without_its_evidence(changed: dict[str, Any]) -> None:
    assert "owned" in names(replace(HALF, **changed), codes("36"))


def test_a_list_in_state_covers_only_what_it_records() -> None:
    seen = Seen("preview", {}, (whole("w", "44"),), (whole("w", "44"),), open=codes("36", "44"))
    assert names(seen, codes("36", "44")) == {"owned"}


@pytest.mark.parametrize("operation", ["up", "destroy"])
def test_a_retained_list_leaves_what_it_had_recorded(operation: str) -> None:
    seen = Seen(operation, {}, (whole("w", "36"),), open=codes("36"))
    assert names(seen, codes("36")) == {"retained"}
    # It had not recorded the code.
    assert names(replace(seen, before=(whole("w", "44"),)), codes("36")) == {"owned"}
    # It was to close it.
    closes = replace(seen, before=(whole("w", "36", on_destroy="close"),))
    assert names(closes, codes("36")) == {"owned"}
    # It is still there.
    assert names(replace(seen, after=(whole("w", "44"),), before=(whole("w", "36"),)), codes("36")) >= {"owned"}


def test_what_was_deleted_before_its_replacement_owns_nothing() -> None:
    gone = single("a", "36", is_gone=True)
    seen = Seen("up", SWAP, (single("a", "36"),), (gone,), open=codes("36"), failed=True)
    assert names(seen, codes("36")) == {"owned"}
    assert names(seen) == {"error"}


# What has gone from state


@pytest.mark.parametrize("operation", ["up", "preview", "refresh", "destroy"])
@pytest.mark.parametrize("failed", [True, False])
@pytest.mark.parametrize("lost", [single("a", "36"), whole("w", "36", on_destroy="close")], ids=[ONE, ALL])
def test_what_is_open_and_gone_from_state_is_seen(operation: str, lost: Noted, *, failed: bool) -> None:
    seen = Seen(operation, {}, (lost,), open=codes("36"), failed=failed)
    assert names(seen) == {"error"}
    is_given_up = operation in ("up", "destroy")
    assert names(replace(seen, after=(single("b", "36"),))) == (set() if is_given_up else {"error"})
    assert names(replace(seen, open=codes())) == (set() if lost.urn[0] == ONE or is_given_up else {"error"})


@pytest.mark.parametrize("on_destroy", ["retain", "close"])
def test_a_list_that_is_gone_though_nobody_dropped_it_is_seen(on_destroy: str) -> None:
    lost = whole("w", "36", on_destroy=on_destroy)
    for operation in ("preview", "refresh"):
        assert names(Seen(operation, {}, (lost,))) == {"error"}
    assert "error" in names(Seen("up", LIST, (lost,), open=codes("36", "44"), failed=True))
    assert names(Seen("destroy", LIST, (lost,))) == set()
    assert names(Seen("up", {}, (lost,))) == set()


# What was read, and what a success says

READ = Seen(
    "refresh",
    before=(whole("w", "36"),),
    after=(whole("w", "36", "44"),),
    requests=(get(),),
    open=codes("36", "44"),
)


def test_a_good_refresh_records_the_open_list_and_nothing_else() -> None:
    assert names(READ) == set()
    assert names(replace(READ, after=(whole("w", "36"),))) == {"error"}
    assert names(replace(READ, after=(whole("w"),))) == {"error"}
    assert names(replace(READ, after=(*READ.after, single("a", "58")), before=(*READ.before, single("a", "58")))) == {
        "true"
    }


@pytest.mark.parametrize(
    "changed",
    [{"requests": (get("status:403"),)}, {"wrong_token": True}, {"requests": ()}],
    ids=["fault", "token", "unasked"],
)
def test_a_refresh_that_could_not_read_the_list_records_what_was(changed: dict[str, Any]) -> None:
    failed = replace(READ, failed=True, **changed)
    assert names(replace(failed, after=failed.before)) == set()
    assert names(failed) == {"error"}
    assert names(replace(failed, after=(whole("w"),))) == {"error"}


def test_a_refresh_with_a_fault_that_passed_records_one_of_both() -> None:
    disturbed = replace(READ, requests=(get("status:503"), get()))
    assert names(disturbed) == names(replace(disturbed, after=READ.before)) == set()
    assert names(replace(disturbed, after=(whole("w", "44"),))) == {"error"}


def test_a_success_that_is_not_true_is_seen() -> None:
    assert names(replace(DONE, open=codes())) == {"true"}
    assert names(replace(DONE, open=codes(), failed=True)) == set()
    after = (whole("w", "36", "44", on_destroy="close"),)
    assert names(Seen("up", LIST, (), after, open=codes("36", "44", "58"))) == {"true"}


def test_an_opening_is_believed_only_where_the_list_could_not_be_read_and_that_was_told() -> None:
    told = "Plusofon answered that 36 was opened, but its list could not be read"
    seen = replace(DONE, changes=(), open=codes(), requests=(put("36", "ignore"), get("status:403")), output=told)
    assert names(seen) == {"believed"}
    assert names(replace(seen, output="")) == {"true"}
    assert names(replace(seen, requests=(put("36", "ignore"), get()))) == {"true"}


# What stands around


def test_state_is_read_as_the_engine_writes_it() -> None:
    resource = {
        "urn": "urn:pulumi:dev::test::pulumi-python:dynamic/plusofon_pulumi:AllowedDirection::a",
        "id": "36",
        "inputs": {"code": "36"},
        "outputs": {"code": "36", "__provider": "pickle"},
    }
    for more, flags in (
        ({}, (False, False)),
        ({"delete": True}, (False, True)),
        ({"pendingReplacement": True}, (True, False)),
    ):
        entry = noted({**resource, "type": TYPES[ONE], **more})
        assert (entry.urn, sorted(entry.recorded)) == ((ONE, "a"), ["36"])
        assert (entry.is_gone, entry.is_condemned) == flags


def test_what_is_expected_is_what_is_declared_and_what_is_not_ours_to_close() -> None:
    sandbox = sandbox_of(open=["36", "44", "53", "58"])
    entries = [single("a", "36"), single("b", "44"), whole("w", "53"), single("a", "58", is_gone=True)]
    assert expected_of({"a": Declared(ONE, ("36",))}, sandbox, entries) == {"36", "53", "58"}
    assert expected_of({"a": Declared(ONE, ("1",))}, sandbox, entries) == {"1", "53", "58"}
    assert expected_of(LIST, sandbox, entries) == {"36", "44"}


def test_a_longer_search_owes_more() -> None:
    assert least(300, 60)["runs"] > least(60, 12)["runs"] > 0
    assert least(300, 60)["faults of a write"] >= 1
    assert least(60, 60).keys() == least(300, 20).keys() == {"runs"}
