"""The fault table: each kind of call × each fault × each operation, and the page that shows it."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.account.change import Write
from plusofon_pulumi.provider import AllowedDirectionProvider
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


def outcome_owed(each: Cell) -> str | None:
    """Return what must come of a cell, as far as a rule says; the rules are fewer than the cells, and stand apart."""
    if each.operation.replaces:
        return None
    if each.operation.name == "delete, retain":  # what is left open is only named; that it cannot be is a line
        return "done"
    passes = each.times == "once" and each.fault.removesuffix(":after") in PASSING
    if passes or (each.call in (PUT, DELETE) and each.fault.endswith(":after")):
        return "done"  # what a write is answered decides nothing: the list does
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


READ = (AllowedDirectionProvider, "read")
CLOSES = {"reading writes nothing", "nothing closes that was not to be closed"}
# A mistake, and what it breaks in a cell of a single direction.
MISTAKES: list[tuple[Any, Any, Failing, str, str, set[str]]] = [
    ((Write, "left"), lambda *_: [], PUT, "ignore", "create", {"a success is true"}),
    (READ, lambda *_: {"": 0}["code"], LIST, "reset", "read", {"only our own errors leave"}),
    (READ, lambda provider, *of: provider.delete(*of), LATER_LIST, "reset", "read", CLOSES),
]


@pytest.mark.parametrize("place, mistake, call, fault, name, demands", MISTAKES)
def test_a_mistake_breaks_a_cell(
    monkeypatch: pytest.MonkeyPatch, place: Any, mistake: Any, call: Failing, fault: str, name: str, demands: set[str]
) -> None:
    monkeypatch.setattr(*place, mistake)
    [operation] = [each for each in OPERATIONS if (each.kind, each.name) == ("AllowedDirection", name)]
    with simulated() as clock:
        trial = FaultTrial(clock)
        with trial.wire.connected():
            assert demands <= {*trial.cell(call, fault, "once", operation).broken}
