"""The whole list lives the same life under every reading of the API's description."""

from __future__ import annotations

import pytest

from plusofon_pulumi.account import delivery
from plusofon_pulumi.errors import DirectionNotChangedError, UnexpectedResponseError
from plusofon_pulumi.provider import AllowedDirectionsProvider
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.conftest import StartPlugin
from tests.unit.support import READINGS_TO_TRY
from tests.unit.whole_list import ALL_CODES, ID, calls, inputs, outputs


@pytest.mark.parametrize("readings", READINGS_TO_TRY, ids=lambda r: " ".join(map("=".join, r.items())))
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


@pytest.mark.parametrize("pages", ["data", "directions", "nested", "meta", "beside"])
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
