"""Each value of each reading, as it is seen on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, READINGS, state
from plusofon_pulumi.sandbox.readings import parse
from tests.model.simulation import Clock
from tests.unit.support import ALL_CODES, IDS, client_of
from tests.unit.test_sandbox import CUBA, HUNGARY, playing

KAZAKHSTAN, RUSSIA = sorted(IDS["7"], key=int)
FORTY_CODES = sorted(ALL_CODES, key=int)[:40]
ITEM, SUCCESS = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}, {"success": True}


@pytest.mark.parametrize(
    "readings,shown,more",
    [
        *(("R1={} R3=array", {}, SUCCESS), ("R1=[] R8=no", [], {})),
        *(("R1=null", None, SUCCESS), ("R1=null R8=no", None, SUCCESS)),  # null alone would say nothing
        *(("R3=object R8=no", {"36": ITEM}, {}), ("R3=array R8=yes", [ITEM], SUCCESS)),
    ],
)
def test_r1_r3_r8_how_a_list_and_a_success_come(readings: str, shown: object, more: Any) -> None:
    with playing(*readings.split(), open=["36"] if shown else []) as (_, api):
        assert api.shown() == {"directions": shown, **more}
        if shown:
            assert [api.allow(CUBA).json(), api.deny("53").json()] == [more] * 2
            assert list(api.shown(CATALOGUE_PATH)) == ["directions", *more]


@pytest.mark.parametrize("value", [*READINGS["R2"].values, "string", "number"])
def test_r2_codes_and_ids_are_text_or_numbers(value: str) -> None:
    with playing(f"R2={value}", open=["36"]) as (_, api):
        allowed, row = api.shown()["directions"]["36"], api.shown(CATALOGUE_PATH)["directions"][0]
    words = (value.split("/") * 3)[:3]
    expected = [int(text) if word == "number" else text for word, text in zip(words, ("36", "672", "1"), strict=True)]
    assert [allowed["code"], row["code"], row["id"]] == expected


ANSWERS = {200: "success", 400: "message", 404: "error"}
# Readings, a write while 7 and 36 are open, the status, what is open then.
WRITES: list[tuple[str, str, list[Any], int, str]] = [
    *((f"R4={status}", "deny", ["53"], status, "7 36") for status in (200, 404, 400)),
    *((f"R5={status}", "allow", [HUNGARY], status, "7 36") for status in (200, 400)),
    *(("R6=400", "allow", [unknown], 400, "7 36") for unknown in ("9999", "036", "x", -1)),
    ("R6=ignored", "allow", ["9999", CUBA], 200, "7 36 53"),
    *(("R10=all", "allow", ["9999", CUBA], 400, "7 36"), ("R10=good", "allow", ["9999", CUBA], 400, "7 36 53")),
    *(("R10=all R4=404", "deny", ["53", "36"], 404, "7 36"), ("R10=good R4=404", "deny", ["53", "36"], 404, "7")),
    ("R11=always R4=404", "deny", ["7", "36"], 200, "7"),
    *(("R12=strings R4=404", "deny", ["36"], 200, "7"), ("R12=strings R4=404", "deny", [36], 404, "7 36")),
    *(("R12=numbers R4=400", "deny", ["36"], 400, "7 36"), ("R12=numbers R4=400", "deny", [36], 200, "7")),
    *(("R15=replaces", "allow", [CUBA], 200, "53"), ("R15=replaces R11=always", "allow", [CUBA], 200, "7 53")),
]


@pytest.mark.parametrize("readings, method, sent, status, left", WRITES)
def test_r4_to_r15_what_a_write_does(readings: str, method: str, sent: Any, status: int, left: str) -> None:
    with playing(*readings.split(), open=["7", "36"]) as (sandbox, api):
        answer = getattr(api, method)(*sent)
        assert (answer.status_code, list(answer.json())) == (status, [ANSWERS[status]])
        assert [sandbox.open_codes, api.codes()] == [set(left.split()), left.split()]


def test_r7_a_late_write_is_true_at_once_and_seen_later(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(state, "time", clock)
    with playing("R7=0.4", open=["53"]) as (sandbox, api):
        api.allow(HUNGARY)
        clock.now += 0.3
        api.deny("53")
        assert sandbox.open_codes == {"36"}
        for seconds, shown in [(0, ["53"]), (0.2, ["36", "53"]), (0.3, ["36"])]:
            clock.now += seconds
            assert api.codes() == shown
        api.allow(CUBA)
        sandbox.set_open(["7"])
        assert api.codes() == ["7"], "what the owner does is visible at once"


@pytest.mark.parametrize("value", READINGS["R9"].values)
def test_r9_a_wrong_token_is_refused(value: str) -> None:
    words = {"401": "Unauthenticated.", "403": "Недостаточно прав"}.get(value, "Нет доступа")
    body = {"message": words, **({"success": False, "code": 500} if value == "200" else {})}
    with playing(f"R9={value}", open=["36"]) as (sandbox, api):
        for method, path in (("GET", ALLOWED_PATH), ("GET", CATALOGUE_PATH), ("DELETE", ALLOWED_PATH)):
            answer = api.call(method, path, json={"codes": ["36"]}, headers={"Authorization": "Bearer stale"})
            assert (answer.status_code, answer.json()) == (int(value), body)
        assert sandbox.open_codes == {"36"}


@pytest.mark.parametrize("value,name", [("any", "Kazakhstan"), ("each", "Russia")])
def test_r13_an_id_opens_all_rows_of_its_code_or_its_own(value: str, name: str) -> None:
    with playing(f"R13={value}", "R5=400") as (sandbox, api):
        assert api.allow(RUSSIA).ok
        assert api.shown()["directions"]["7"]["english_name"] == name
        assert api.allow(KAZAKHSTAN).ok is (value == "each")
        api.deny("7")
        assert sandbox.open_codes == frozenset()
        assert api.allow(KAZAKHSTAN, RUSSIA).ok, "all ids of one code, together, are none that is allowed already"


@pytest.mark.parametrize("style", ["data", "directions", "nested", "enveloped", "meta", "beside"])
def test_r14_lists_come_in_pages(style: str) -> None:
    with playing(f"R14={style}", "R3=array", "R1=null", open=FORTY_CODES) as (sandbox, api):
        for page in (1, 2, 3):
            text = api.call("GET", params={"page": page}).text
            assert [f'"{n}' in text for n in (f'current_page": {page}', 'last_page": 3', 'total": 40')] == [True] * 3
            assert (f"?page={page + 1}" in text) is (page < 3)
        with client_of(sandbox) as ours:
            assert [each.code for each in ours.get_allowed_directions()] == FORTY_CODES


def test_r14_a_cursor_shows_a_part_and_that_there_is_more_but_counts_nothing() -> None:
    with playing("R14=cursor", open=FORTY_CODES) as (sandbox, api):
        assert (list(api.shown()), len(api.codes())) == (["directions", "next_page_url", "success"], 15)
        assert api.shown()["next_page_url"] == f"{sandbox.url}{ALLOWED_PATH}?page=2"
        sandbox.set_open(["7"])
        assert api.shown()["next_page_url"] is None


@pytest.mark.parametrize(
    "text,words",
    [("R16=1", "'R16'; there are R1, R2, R3"), ("R7=-1", "seconds, as 1.5"), ("R2=string/number", "one word for all")],
)
def test_an_unknown_reading_is_refused_with_what_there_is(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse([text])
