"""The whole list lives the same life under every reading of the API's description."""

from __future__ import annotations

import pytest

from plusofon_pulumi.account import delivery
from plusofon_pulumi.errors import DirectionNotChangedError, UnexpectedResponseError
from plusofon_pulumi.provider import AllowedDirectionsProvider
from plusofon_pulumi.sandbox import READINGS, Sandbox
from tests.unit.conftest import StartPlugin
from tests.unit.whole_list import ALL_CODES, ID, calls, inputs, outputs


def _one_by_one() -> list[dict[str, str]]:
    every = [{name: value} for name, reading in READINGS.items() for value in reading.values]
    return [reading for reading in every if reading not in ({"R7": "late"}, {"R14": "foreign"})]


TOGETHER = [
    {"R7": "0.2"},
    {"R4": "404", "R12": "numbers"},
    {"R4": "404", "R12": "strings", "R2": "number"},
    {"R4": "400", "R12": "numbers", "R3": "array", "R1": "[]"},
    {"R5": "400", "R10": "good", "R13": "each"},
    {"R5": "400", "R10": "all", "R13": "each", "R4": "400"},
    {"R6": "ignored", "R8": "no", "R1": "null", "R14": "meta"},
    {"R7": "0.2", "R4": "404", "R5": "400", "R13": "each", "R12": "numbers", "R2": "string"},
    {"R11": "always", "R4": "404", "R10": "good"},
    {"R2": "number", "R14": "nested", "R3": "array"},
]


@pytest.mark.parametrize("readings", _one_by_one() + TOGETHER, ids=lambda r: " ".join(map("=".join, r.items())))
def test_the_life_of_a_whole_list_is_the_same_under_every_reading(
    start_plugin: StartPlugin, sandbox: Sandbox, readings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.set_readings(readings)
    sandbox.set_open(["53", "998", "7"])

    def begin() -> AllowedDirectionsProvider:
        whole = start_plugin(sandbox).whole
        monkeypatch.setattr(delivery, "LOOK_PAUSES", (0.03,) * 12)
        return whole

    codes = ["36", "7", "58"]
    up = begin()
    news = up.check({}, {"codes": codes, "on_destroy": "close"}).inputs
    state = up.create(news).outs
    assert state == outputs("36", "58", "7", on_destroy="close")
    assert sandbox.open_codes == set(codes)

    sandbox.set_open(["7", "53", "36"])
    mend = begin()
    news = mend.check(news, {"codes": codes, "on_destroy": "close"}).inputs
    assert mend.diff(ID, state, news).changes is True
    assert mend.update(ID, state, news).outs == state
    assert sandbox.open_codes == set(codes)

    again = begin()
    assert again.diff(ID, state, again.check(news, news).inputs).changes is False
    assert again.read(ID, dict(state)).outs == state
    assert sandbox.max_writes_under_way == 1

    destroy = begin()
    home = readings.get("R11") == "always"
    if home:
        with pytest.raises(DirectionNotChangedError, match=r"^7 \(Kazakhstan, Russia\) was not closed: "):
            destroy.delete(ID, state)
    else:
        destroy.delete(ID, state)
    assert sandbox.open_codes == ({"7"} if home else set())
    found = begin().read(ID, dict(state))
    assert (found.id, (found.outs or {})["codes"]) == (ID, ["7"] if home else [])


@pytest.mark.parametrize("pages", ["data", "directions", "nested", "meta"])
def test_a_list_of_several_pages_is_read_to_its_end(start_plugin: StartPlugin, sandbox: Sandbox, pages: str) -> None:
    sandbox.set_readings({"R14": pages})
    sandbox.set_open(ALL_CODES)
    whole = start_plugin(sandbox).whole
    assert (whole.read(ID, {}).outs or {})["codes"] == ALL_CODES
    calls(sandbox)
    whole.create(inputs(*ALL_CODES[1:]))
    assert sandbox.open_codes == set(ALL_CODES[1:])
    assert [call for call in calls(sandbox) if call != "GET"] == ["DELETE"]


def test_a_list_that_goes_on_elsewhere_is_an_error_and_nothing_is_written(
    whole: AllowedDirectionsProvider, sandbox: Sandbox
) -> None:
    sandbox.set_open(ALL_CODES[:40])
    sandbox.set_readings({"R14": "foreign"})
    for act in (lambda: whole.read(ID, {}), lambda: whole.create(inputs("36"))):
        with pytest.raises(UnexpectedResponseError):
            act()
    assert sandbox.calls("PUT") == sandbox.calls("DELETE") == 0
