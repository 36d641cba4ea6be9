"""Each value of each reading, as it is seen on the wire."""

from __future__ import annotations

import re
from typing import Any

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, READINGS, Sandbox, state
from plusofon_pulumi.sandbox.readings import Readings, parse
from plusofon_pulumi.sandbox.state import catalogue
from tests.model.simulation import Clock
from tests.unit.sandbox_caller import playing
from tests.unit.support import client_of

KAZAKHSTAN, RUSSIA, HUNGARY, CUBA = (
    next(row.id for row in catalogue() if row.english_name == name)
    for name in ("Kazakhstan", "Russia", "Hungary", "Cuba")
)
FORTY_CODES = tuple(sorted({row.code for row in catalogue()}, key=int)[:40])


@pytest.mark.parametrize("value,empty", [("{}", {}), ("[]", []), ("null", None)])
@pytest.mark.parametrize("r8", ["yes", "no"])
def test_r1_an_empty_list_is_null_only_beside_success(value: str, empty: object, r8: str) -> None:
    with playing(f"R1={value}", "R3=array", f"R8={r8}") as (_, api):
        success = {"success": True} if r8 == "yes" or empty is None else {}
        assert api.allowed() == {"directions": empty, **success}


@pytest.mark.parametrize("value", [*READINGS["R2"].values, "string", "number"])
def test_r2_codes_and_ids_are_text_or_numbers(value: str) -> None:
    with playing(f"R2={value}", open=["36"]) as (_, api):
        allowed, row = api.allowed()["directions"]["36"], api.catalogue()["directions"][0]
    words = (value.split("/") * 3)[:3]
    expected = [int(text) if word == "number" else text for word, text in zip(words, ("36", "672", "1"), strict=True)]
    assert [allowed["code"], row["code"], row["id"]] == expected


# Readings, a write, the status, a key of the answer, what is open then.
WRITES: list[tuple[str, str, list[Any], int, str, str]] = [
    ("R4=200", "delete", ["53"], 200, "success", "7 36"),
    ("R4=404", "delete", ["53"], 404, "error", "7 36"),
    ("R4=400", "delete", ["53"], 400, "message", "7 36"),
    ("R5=200", "put", [HUNGARY], 200, "success", "7 36"),
    ("R5=400", "put", [HUNGARY], 400, "message", "7 36"),
    *(("R6=400", "put", [unknown], 400, "message", "7 36") for unknown in ("9999", "036", "x", -1)),
    ("R6=ignored", "put", ["9999", CUBA], 200, "success", "7 36 53"),
    ("R8=no R4=404", "delete", ["53"], 404, "error", "7 36"),
    ("R10=all", "put", ["9999", CUBA], 400, "message", "7 36"),
    ("R10=good", "put", ["9999", CUBA], 400, "message", "7 36 53"),
    ("R10=all R5=400", "put", [HUNGARY, CUBA], 400, "message", "7 36"),
    ("R10=good R5=400", "put", [HUNGARY, CUBA], 400, "message", "7 36 53"),
    ("R10=all R4=404", "delete", ["53", "36"], 404, "error", "7 36"),
    ("R10=good R4=404", "delete", ["53", "36"], 404, "error", "7"),
    ("R10=all R4=400", "delete", ["53", "36"], 400, "message", "7 36"),
    ("R10=good R4=200", "delete", ["53", "36"], 200, "success", "7"),
    ("R11=plain", "delete", ["7"], 200, "success", "36"),
    ("R11=always R4=404", "delete", ["7", "36"], 200, "success", "7"),
    ("R12=loose", "delete", ["7", 36], 200, "success", ""),
    ("R12=strings R4=404", "delete", ["36"], 200, "success", "7"),
    ("R12=strings R4=404", "delete", [36], 404, "error", "7 36"),
    ("R12=numbers R4=200", "delete", ["36"], 200, "success", "7 36"),
    ("R12=numbers R4=400", "delete", ["36"], 400, "message", "7 36"),
    ("R12=numbers R4=400", "delete", [36], 200, "success", "7"),
    ("R15=adds", "put", [CUBA], 200, "success", "7 36 53"),
    ("R15=replaces", "put", [CUBA], 200, "success", "53"),
    ("R15=replaces R5=400", "put", [HUNGARY, CUBA], 200, "success", "36 53"),
    ("R15=replaces", "put", ["9999", CUBA], 400, "message", "7 36"),
    ("R15=replaces R10=good", "put", ["9999", CUBA], 400, "message", "53"),
    ("R15=replaces R11=always", "put", [CUBA], 200, "success", "7 53"),
]


@pytest.mark.parametrize("readings,method,elements,status,key,left", WRITES)
def test_r4_to_r15_what_a_write_does(
    readings: str, method: str, elements: list[Any], status: int, key: str, left: str
) -> None:
    with playing(*readings.split(), open=["7", "36"]) as (sandbox, api):
        answer = getattr(api, method)(*elements)
        assert (answer.status_code, list(answer.json())) == (status, [key])
        assert sandbox.open_codes == set(left.split())
        assert api.codes() == left.split()


def test_r7_a_late_write_is_true_at_once_and_seen_later(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(state, "time", clock)
    with playing("R7=0.4", open=["53"]) as (sandbox, api):
        api.put(HUNGARY)
        clock.now += 0.3
        api.delete("53")
        assert sandbox.open_codes == {"36"}
        assert api.codes() == ["53"]
        clock.now += 0.2
        assert api.codes() == ["36", "53"]
        clock.now += 0.3
        assert api.codes() == ["36"]
        api.put(CUBA)
        sandbox.set_open(["7"])
        assert api.codes() == ["7"], "what the owner does is visible at once"
    assert [Readings({"R7": value}).delay for value in ("now", "late", "1.5")] == [0, 2, 1.5]


def test_r3_and_r8_how_a_list_and_a_success_come() -> None:
    item = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
    success: dict[str, bool] = {"success": True}
    for readings, shown, more in [("R3=object R8=no", {"36": item}, {}), ("R3=array R8=yes", [item], success)]:
        with playing(*readings.split()) as (_, api):
            assert [api.put(CUBA).json(), api.put(HUNGARY).json(), api.delete("53").json()] == [more] * 3
            assert api.allowed() == {"directions": shown, **more}
            assert list(api.catalogue()) == ["directions", *more]


def test_r9_a_wrong_token_is_refused() -> None:
    no = {"success": False, "message": "Нет доступа", "code": 500}
    bodies: dict[str, object] = {"401": {"message": "Unauthenticated."}, "403": {"message": "Недостаточно прав"}}
    for value, body in {**bodies, "500": {"message": "Нет доступа"}, "200": no}.items():
        with playing(f"R9={value}", open=["36"]) as (sandbox, api):
            for method, path in (("GET", ALLOWED_PATH), ("GET", CATALOGUE_PATH), ("DELETE", ALLOWED_PATH)):
                answer = api.call(method, path, json={"codes": ["36"]}, headers={"Authorization": "Bearer stale"})
                assert (answer.status_code, answer.json()) == (int(value), body)
            assert sandbox.open_codes == {"36"}


def test_r11_home_may_be_elsewhere_and_opens_when_the_reading_is_set() -> None:
    with playing(home="375") as (sandbox, api):
        sandbox.set_readings({"R11": "always"})
        assert api.codes() == ["375"]
        sandbox.set_open([])
        assert api.codes() == ["375"]


@pytest.mark.parametrize("value,name", [("any", "Kazakhstan"), ("each", "Russia")])
def test_r13_an_id_opens_all_rows_of_its_code_or_its_own(value: str, name: str) -> None:
    with playing(f"R13={value}", "R5=400") as (sandbox, api):
        assert api.put(RUSSIA).ok
        assert api.allowed()["directions"]["7"]["english_name"] == name
        assert api.put(KAZAKHSTAN).ok is (value == "each")
        api.delete("7")
        assert sandbox.open_codes == frozenset()
        assert api.put(KAZAKHSTAN, RUSSIA).ok, "all ids of one code, together, are none that is allowed already"


@pytest.mark.parametrize("style", ["data", "directions", "nested", "meta", "beside"])
def test_r14_lists_come_in_pages(style: str) -> None:
    with playing(f"R14={style}", "R3=array", "R1=null", open=FORTY_CODES) as (sandbox, api), client_of(sandbox) as ours:
        for page in range(1, 4):
            text = api.call("GET", ALLOWED_PATH, params={"page": page}).text
            assert all(f'"{key}": {n}' in text for key, n in [("current_page", page), ("last_page", 3), ("total", 40)])
            assert (f"?page={page + 1}" in text) is (page < 3)
        assert [each.code for each in ours.get_allowed_directions()] == [*FORTY_CODES]
        assert len(ours.get_directions().rows) == len(catalogue())
        assert all('"current_page": 1,' in str(api.call("GET", f"{CATALOGUE_PATH}?page={n}").text) for n in ("0", "x"))
        sandbox.set_open([])
        assert ours.get_allowed_directions() == []


def test_r14_a_cursor_shows_a_part_and_that_there_is_more_but_counts_nothing() -> None:
    with playing("R14=cursor", open=FORTY_CODES) as (sandbox, api):
        body = api.allowed()
        assert list(body) == ["directions", "next_page_url", "success"]
        assert (len(body["directions"]), body["next_page_url"]) == (15, f"{sandbox.url}{ALLOWED_PATH}?page=2")
        sandbox.set_open(["7"])
        assert api.allowed()["next_page_url"] is None


UNKNOWN = {
    "R4": "R4 cannot be ''; it is one of: 200 | 404 | 400",
    "R16=1": "no reading is called 'R16'; there are R1, R2, R3",
    "R7=soon": "now | late | seconds, as 1.5",
    "R7=-1": "seconds",
    "R2=string/number": "one word for all",
    "R14=foreign": "cursor",
}


def test_an_unknown_reading_is_refused_with_what_there_is() -> None:
    for text, words in UNKNOWN.items():
        with pytest.raises(ValueError, match=re.escape(words)):
            parse([text])
    with pytest.raises(ValueError, match="R4 cannot be"):
        Sandbox(readings={"R4": "500"})
