"""The fault table: each kind of call × each fault × each operation, and the page that shows it."""

from __future__ import annotations

import pytest

from plusofon_pulumi.account import Account
from plusofon_pulumi.account.change import Change
from plusofon_pulumi.provider import AllowedDirectionProvider
from tests.mistakes import open_directions_or_none
from tests.model import reliability
from tests.model.fault_cells import CALLS, OPERATIONS, Cell, Failing, FaultTrial, cells
from tests.model.reliability import PAGE
from tests.model.simulation import simulated

LIST, LATER_LIST, CATALOGUE, PUT, DELETE = CALLS
# What passes by itself: the client tries again.
PASSING = (
    *("refused", "unreachable", "hang", "reset", "close", "truncate"),
    *("status:429", "status:502", "status:503", "status:504", "html:502"),
)


def broken(call: Failing, fault: str, times: str, name: str) -> tuple[str, ...]:
    """Return what does not hold in a cell of a single direction."""
    [operation] = [each for each in OPERATIONS if (each.kind, each.name) == ("AllowedDirection", name)]
    with simulated() as clock:
        trial = FaultTrial(clock)
        with trial.wire.connected():
            return trial.cell(call, fault, times, operation).broken


def outcome_owed(each: Cell) -> str | None:
    """Return what must come of a cell, as far as a rule says; the rules are fewer than the cells, and stand apart."""
    if each.operation.replaces:
        return None
    if each.operation.name == "delete, retain":
        # What is left open is only named; that it cannot be is a line.
        return "done"
    passes = each.times == "once" and each.fault.removesuffix(":after") in PASSING
    if passes or (each.call in (PUT, DELETE) and each.fault.endswith(":after")):
        # What a write is answered decides nothing: the list does.
        return "done"
    if each.call in (LIST, CATALOGUE) and each.operation.name.startswith("check"):
        return "told"
    if each.call is LIST:
        return "undone" if each.operation.writes else "failed"
    is_alone = {DELETE: each.operation.name.startswith("delete"), PUT: each.operation.kind == "AllowedDirection"}
    return "undone" if each.times == "always" and is_alone.get(each.call) else None


@pytest.mark.first
def test_every_cell_survives_with_the_outcome_that_is_owed_and_the_page_shows_it() -> None:
    found = cells()
    assert [str(each) for each in found if each.broken] == []
    owed = [(each, outcome) for each in found if (outcome := outcome_owed(each)) is not None]
    assert len(owed) > 1400
    assert [f"{each}, not {outcome}" for each, outcome in owed if each.outcome != outcome] == []
    text = PAGE.read_text(encoding="utf-8")
    assert reliability.page(text, reliability.table(found)) == text, "run `make faults`"


# A table of survivals is worth what it would take to fail one.


def test_an_error_taken_for_absence_breaks_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Account, "open_directions", open_directions_or_none)
    monkeypatch.setattr(Account, "close", lambda *_: [])
    assert "a success is true" in broken(LIST, "reset", "always", "delete")


def test_an_answer_that_is_believed_breaks_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Change, "left", lambda *_: set())
    assert "a success is true" in broken(PUT, "ignore", "once", "create")


def test_an_unforeseen_error_breaks_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AllowedDirectionProvider, "read", lambda *_: {"": 0}["code"])
    assert "only our own errors leave" in broken(LIST, "reset", "once", "read")


def test_a_write_by_a_read_breaks_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AllowedDirectionProvider, "read", lambda provider, id_, props: provider.delete(id_, props))
    found = broken(LATER_LIST, "reset", "once", "read")
    assert {"reading writes nothing", "nothing closes that was not to be closed"} <= set(found)
