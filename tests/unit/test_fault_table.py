"""The fault table: each kind of call × each fault × each operation, and the page that shows it."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.account.change import Change
from plusofon_pulumi.provider import AllowedDirectionProvider
from tests.model import reliability
from tests.model.fault_cells import CALLS, OPERATIONS, Failing, FaultTrial, cells
from tests.model.reliability import PAGE
from tests.model.simulation import simulated

LIST, LATER_LIST, _, PUT, _ = CALLS


@pytest.mark.first
def test_every_cell_survives_with_the_outcome_that_the_page_shows() -> None:
    found = cells()
    assert [str(each) for each in found if each.broken] == []
    text = PAGE.read_text(encoding="utf-8")
    assert reliability.page(text, reliability.table(found)) == text, "run `make faults`"


READ = (AllowedDirectionProvider, "read")
CLOSES = {"reading writes nothing", "nothing closes that was not to be closed"}
# A mistake, and what it breaks in a cell of a single direction.
MISTAKES: list[tuple[Any, Any, Failing, str, str, set[str]]] = [
    ((Change, "left"), lambda *_: set(), PUT, "ignore", "create", {"a success is true"}),
    (READ, lambda *_: {"": 0}["code"], LIST, "reset", "read", {"only our own errors leave"}),
    (READ, lambda provider, *of: provider.delete(*of), LATER_LIST, "reset", "read", CLOSES),
]


@pytest.mark.parametrize("place, mistake, call, fault, name, demands", MISTAKES)
def test_a_mistake_breaks_a_cell(
    monkeypatch: pytest.MonkeyPatch, place: Any, mistake: Any, call: Failing, fault: str, name: str, demands: set[str]
) -> None:
    monkeypatch.setattr(place[0], place[1], mistake)
    [operation] = [each for each in OPERATIONS if (each.kind, each.name) == ("AllowedDirection", name)]
    with simulated() as clock:
        trial = FaultTrial(clock)
        with trial.wire.connected():
            assert demands <= {*trial.cell(call, fault, "once", operation).broken}
