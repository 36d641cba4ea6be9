"""Each value of each reading, as it is seen on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, READINGS, Sandbox, account
from plusofon_pulumi.sandbox.account import catalogue
from plusofon_pulumi.sandbox.readings import Readings, parse, summary
from tests.unit.sandbox_caller import playing
from tests.unit.support import FakeTime

IDS: dict[str, list[str]] = {}
for _row in catalogue():
    IDS.setdefault(_row.code, []).append(_row.id)
KAZAKHSTAN, RUSSIA = IDS["7"]
(HUNGARY,) = IDS["36"]
(CUBA,) = IDS["53"]


@pytest.mark.parametrize("value,empty", [("{}", {}), ("[]", []), ("null", None)])
@pytest.mark.parametrize("form", ["object", "array"])
def test_r1_an_empty_allowed_list(value: str, empty: object, form: str) -> None:
    with playing(f"R1={value}", f"R3={form}") as (_, api):
        assert api.allowed() == {"directions": empty, "success": True}


@pytest.mark.parametrize("value", [*READINGS["R2"].values, "string", "number"])
def test_r2_forms_of_codes_and_ids(value: str) -> None:
    kinds = {"string": str, "number": int}
    forms = value.split("/") if "/" in value else [value] * 3
    with playing(f"R2={value}", open=("36",)) as (_, api):
        allowed = api.allowed()["directions"]["36"]
        row = api.catalogue()["directions"][0]
    assert [type(allowed["code"]), type(row["code"]), type(row["id"])] == [kinds[form] for form in forms]
    assert (str(allowed["code"]), str(row["code"]), str(row["id"])) == ("36", "672", "1")


def test_r2_can_play_every_combination() -> None:
    assert len(READINGS["R2"].values) == 8
    assert READINGS["R2"].default == "string/number/string"


def test_r3_the_allowed_list_as_an_array() -> None:
    with playing("R3=array", open=("58", "36")) as (_, api):
        assert api.allowed()["directions"] == [
            {"code": "36", "name": "Венгрия", "english_name": "Hungary"},
            {"code": "58", "name": "Венесуэла", "english_name": "Venezuela"},
        ]


@pytest.mark.parametrize("value,key", [("200", "success"), ("404", "error"), ("400", "message")])
def test_r4_delete_of_a_code_that_is_not_allowed(value: str, key: str) -> None:
    with playing(f"R4={value}", open=("36",)) as (sandbox, api):
        answer = api.delete("53")
        assert (answer.status_code, list(answer.json())) == (int(value), [key])
        assert sandbox.open_codes == {"36"}


@pytest.mark.parametrize("value,key", [("200", "success"), ("400", "message")])
def test_r5_put_of_a_direction_that_is_allowed_already(value: str, key: str) -> None:
    with playing(f"R5={value}", open=("36",)) as (sandbox, api):
        answer = api.put(HUNGARY)
        assert (answer.status_code, list(answer.json())) == (int(value), [key])
        assert sandbox.open_codes == {"36"}


@pytest.mark.parametrize("value,status", [("400", 400), ("ignored", 200)])
@pytest.mark.parametrize("unknown", ["9999", "036", " 1", "x", -1])
def test_r6_put_of_an_unknown_id(value: str, status: int, unknown: str | int) -> None:
    with playing(f"R6={value}") as (sandbox, api):
        assert api.put(unknown).status_code == status
        assert sandbox.open_codes == frozenset()


def test_r7_a_write_is_visible_at_once_by_default() -> None:
    with playing() as (_, api):
        api.put(HUNGARY)
        assert api.codes() == ["36"]


def test_r7_a_late_write_is_true_at_once_and_seen_later(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeTime()
    monkeypatch.setattr(account, "time", clock)
    with playing("R7=0.4", open=("53",)) as (sandbox, api):
        api.put(HUNGARY)
        assert api.codes() == ["53"]
        clock.now += 0.3
        api.delete("53")
        assert sandbox.open_codes == {"36"}
        assert api.codes() == ["53"]
        clock.now += 0.2
        assert api.codes() == ["36", "53"]
        clock.now += 0.3
        assert api.codes() == ["36"]


def test_r7_what_the_owner_does_is_visible_at_once() -> None:
    with playing("R7=late") as (sandbox, api):
        api.put(HUNGARY)
        sandbox.set_open(["53"])
        assert api.codes() == ["53"]


def test_r7_late_is_two_seconds() -> None:
    assert [Readings({"R7": value}).delay for value in ("now", "late", "1.5")] == [0, 2, 1.5]


def test_r8_good_answers_without_success() -> None:
    with playing("R8=no", open=("36",)) as (_, api):
        answers = [api.put(HUNGARY).json(), api.delete("36").json(), api.allowed(), api.catalogue()]
    assert answers[:3] == [{}, {}, {"directions": {}}]
    assert list(answers[3]) == ["directions"]


@pytest.mark.parametrize(
    "value,body",
    [
        ("401", {"message": "Unauthenticated."}),
        ("403", {"message": "Недостаточно прав"}),
        ("500", {"message": "Нет доступа"}),
        ("200", {"success": False, "message": "Нет доступа", "code": 500}),
    ],
)
@pytest.mark.parametrize("method,path", [("GET", ALLOWED_PATH), ("GET", CATALOGUE_PATH), ("PUT", ALLOWED_PATH)])
def test_r9_a_wrong_token(value: str, body: dict[str, Any], method: str, path: str) -> None:
    with playing(f"R9={value}") as (_, api):
        answer = api.call(method, path, headers={"Authorization": "Bearer stale"})
        assert (answer.status_code, answer.json()) == (int(value), body)


@pytest.mark.parametrize(
    "r10,r5,r6,status,opened",
    [
        ("all", "200", "400", 400, set()),
        ("good", "200", "400", 400, {"36"}),
        ("all", "200", "ignored", 200, {"36"}),
        ("good", "200", "ignored", 200, {"36"}),
        ("all", "400", "ignored", 400, set()),
        ("good", "400", "ignored", 400, {"36"}),
    ],
)
def test_r10_one_bad_id_among_good_ones(r10: str, r5: str, r6: str, status: int, opened: set[str]) -> None:
    with playing(f"R10={r10}", f"R5={r5}", f"R6={r6}", open=("53",)) as (sandbox, api):
        assert api.put("9999", CUBA, HUNGARY).status_code == status
        assert sandbox.open_codes == {"53"} | opened


@pytest.mark.parametrize(
    "r10,r4,status,left",
    [
        ("all", "200", 200, set()),
        ("good", "200", 200, set()),
        ("all", "404", 404, {"36"}),
        ("good", "404", 404, set()),
        ("all", "400", 400, {"36"}),
        ("good", "400", 400, set()),
    ],
)
def test_r10_one_closed_code_among_open_ones(r10: str, r4: str, status: int, left: set[str]) -> None:
    with playing(f"R10={r10}", f"R4={r4}", open=("36",)) as (sandbox, api):
        assert api.delete("53", "36").status_code == status
        assert sandbox.open_codes == left


def test_r10_objections_name_each_bad_element() -> None:
    with playing("R4=404", open=("36",)) as (_, api):
        assert api.delete("53", "36", 58).json() == {
            "error": "Направление 53 не разрешено; Направление 58 не разрешено"
        }


@pytest.mark.parametrize("r4", ["200", "404", "400"])
def test_r11_the_home_direction_answers_success_and_stays(r4: str) -> None:
    with playing("R11=always", f"R4={r4}", open=("36",)) as (sandbox, api):
        assert sandbox.open_codes == {"7", "36"}
        assert api.delete("7", "36").json() == {"success": True}
        assert api.codes() == ["7"]
        sandbox.set_open([])
        assert api.codes() == ["7"]


def test_r11_the_home_direction_is_closed_like_any_other_by_default() -> None:
    with playing(open=("7",)) as (_, api):
        api.delete("7")
        assert api.codes() == []


def test_r11_home_may_be_elsewhere() -> None:
    with playing("R11=always", home="375") as (_, api):
        assert api.codes() == ["375"]


@pytest.mark.parametrize(
    "value,code,closes",
    [
        ("loose", "36", True),
        ("loose", 36, True),
        ("strings", "36", True),
        ("strings", 36, False),
        ("numbers", "36", False),
        ("numbers", 36, True),
    ],
)
@pytest.mark.parametrize("r4", ["200", "404", "400"])
def test_r12_delete_compares_codes(value: str, code: str | int, closes: bool, r4: str) -> None:
    with playing(f"R12={value}", f"R4={r4}", open=("36",)) as (sandbox, api):
        assert api.delete(code).status_code == (200 if closes else int(r4))
        assert sandbox.open_codes == (set() if closes else {"36"})


@pytest.mark.parametrize("one", [KAZAKHSTAN, RUSSIA])
def test_r13_any_id_opens_the_code_with_all_its_rows(one: str) -> None:
    with playing("R13=any", "R5=400") as (_, api):
        assert api.put(one).ok
        assert api.codes() == ["7"]
        assert [api.put(other).status_code for other in (KAZAKHSTAN, RUSSIA)] == [400, 400]


def test_r13_each_id_counts_on_its_own_and_delete_closes_all() -> None:
    with playing("R13=each", "R5=400") as (sandbox, api):
        assert api.put(RUSSIA).ok
        assert api.allowed()["directions"]["7"]["name"] == "Россия"
        assert api.put(RUSSIA).status_code == 400
        assert api.put(KAZAKHSTAN).ok
        assert api.allowed()["directions"]["7"]["name"] == "Казахстан"
        assert api.delete("7").ok
        assert sandbox.history == [("open", ["7"], "api"), ("close", ["7"], "api")]


@pytest.mark.parametrize("r13", ["any", "each"])
def test_r13_all_ids_of_a_code_can_be_opened_in_one_call(r13: str) -> None:
    with playing(f"R13={r13}", "R5=400") as (_, api):
        assert api.put(KAZAKHSTAN, RUSSIA).ok
        assert api.codes() == ["7"]


# The table


def test_there_are_fourteen_readings_and_each_value_is_in_the_summary() -> None:
    assert list(READINGS) == [f"R{number}" for number in range(1, 15)]
    for reading in READINGS.values():
        assert all(value in summary() for value in reading.values)


@pytest.mark.parametrize(
    "text,words",
    [
        ("R4", "NAME=VALUE"),
        ("R15=1", "no reading is called 'R15'; there are R1, R2, R3"),
        ("r4=404", "no reading is called 'r4'"),
        ("R4=500", "R4 cannot be '500'; it is one of: 200 | 404 | 400"),
        ("R7=soon", "now | late | seconds, as 1.5"),
        ("R7=-1", "seconds"),
        ("R2=string/number", "one word for all three"),
    ],
)
def test_an_unknown_reading_is_refused_with_what_there_is(text: str, words: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the words are compared below, as they are
        parse([text])
    assert words in str(refused.value)


def test_a_sandbox_refuses_unknown_readings_too() -> None:
    with pytest.raises(ValueError, match="no reading"):
        Sandbox(readings={"R0": "no"})
