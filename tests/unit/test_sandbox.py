"""The sandbox as a server: the four calls, its checks, its memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.unit.sandbox_caller import Caller
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

HUNGARY, VENEZUELA = (next(row.id for row in catalogue() if row.code == code) for code in ("36", "58"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(open=["36", 58]) as running:
        yield running


# The four calls, as the description shows them


def test_the_allowed_list_is_the_descriptions_example(api: Caller) -> None:
    assert api.allowed() == {
        "directions": {
            "36": {"code": "36", "name": "Венгрия", "english_name": "Hungary"},
            "58": {"code": "58", "name": "Венесуэла", "english_name": "Venezuela"},
        },
        "success": True,
    }


def test_the_catalogue_begins_as_the_description_does(api: Caller) -> None:
    body = api.catalogue()
    assert body["directions"][:2] == [
        {
            "id": "1",
            "name": "Австралийские внеш. террит-и",
            "english_name": "Australian External Territorie",
            "code": 672,
        },
        {"id": "2", "name": "Австралия", "english_name": "Australia", "code": 61},
    ]
    assert body["success"] is True


def test_put_takes_ids_and_delete_takes_codes(api: Caller, sandbox: Sandbox) -> None:
    sandbox.set_open([])
    assert api.put(HUNGARY, int(VENEZUELA)).json() == {"success": True}
    assert api.codes() == ["36", "58"]
    assert api.delete("58").json() == {"success": True}
    assert api.codes() == ["36"]


def test_empty_writes_succeed_and_change_nothing(api: Caller, sandbox: Sandbox) -> None:
    assert (api.put().json(), api.delete().json()) == ({"success": True}, {"success": True})
    assert sandbox.history == []


def test_the_catalogue_has_codes_with_several_rows() -> None:
    rows = catalogue()
    names = {row.english_name for row in rows}
    of = {code: [row.english_name for row in rows if row.code == code] for code in {row.code for row in rows}}
    assert [row.id for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    assert of["7"] == ["Kazakhstan", "Russia"]
    assert of["53"] == ["Cuba"]
    assert {"United States", "Canada", "Jamaica"} <= set(of["1"])
    assert all(len(of[code]) > 1 for code in ("44", "39", "61", "599", "672"))
    assert len(of) >= 215
    assert len(names) == len(rows)


def test_the_sandbox_may_be_open_for_a_code_that_the_catalogue_lacks(api: Caller, sandbox: Sandbox) -> None:
    sandbox.set_open(["999"])
    assert api.allowed()["directions"]["999"]["english_name"] == "Direction 999"
    assert api.delete("999").ok
    assert sandbox.open_codes == frozenset()


# What is checked in a request


@pytest.mark.parametrize("client", [None, "10554"])
def test_a_wrong_or_missing_client_is_a_page_not_found_with_status_200(api: Caller, client: str | None) -> None:
    answer = api.call("GET", ALLOWED_PATH, headers={"Client": client})
    assert answer.status_code == 200
    assert answer.json() == {"jsonrpc": "2.0", "result": None, "error": {"code": 0, "message": "Page not found."}}


def test_an_unknown_path_is_a_page_not_found_with_status_200(api: Caller) -> None:
    answer = api.call("GET", "/api/v1/nothing")
    assert (answer.status_code, answer.json()["error"]["message"]) == (200, "Page not found.")


@pytest.mark.parametrize(
    "method,path", [("POST", ALLOWED_PATH), ("PATCH", ALLOWED_PATH), ("PUT", CATALOGUE_PATH), ("HEAD", CATALOGUE_PATH)]
)
def test_a_method_that_a_path_lacks_is_405(api: Caller, method: str, path: str) -> None:
    assert api.call(method, path).status_code == 405


@pytest.mark.parametrize("value", ["Bearer wrong", "wrong", None])
def test_a_wrong_token_is_refused_and_changes_nothing(api: Caller, sandbox: Sandbox, value: str | None) -> None:
    answer = api.call("DELETE", ALLOWED_PATH, json={"codes": ["36"]}, headers={"Authorization": value})
    assert answer.status_code == 401
    assert "36" in sandbox.open_codes


@pytest.mark.parametrize("header", ["Accept", "Content-Type"])
@pytest.mark.parametrize("value", ["text/html", "*/*"])
def test_accept_and_content_type_must_be_json(api: Caller, header: str, value: str) -> None:
    answer = api.call("GET", ALLOWED_PATH, headers={header: value})
    assert answer.status_code == 400
    assert header in answer.json()["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"36"', b"\xff"])
def test_a_body_that_is_no_object_is_400(api: Caller, body: bytes) -> None:
    answer = api.call("DELETE", ALLOWED_PATH, data=body)
    assert (answer.status_code, answer.json()["message"]) == (400, "Неверный формат запроса: требуется объект JSON")


@pytest.mark.parametrize(
    "body,field",
    [
        ({}, "codes"),
        ({"codes": "36"}, "codes"),
        ({"direction_ids": ["36"]}, "codes"),
        ({"codes": ["36", 3.6]}, "codes.1"),
        ({"codes": [True]}, "codes.0"),
        ({"codes": [None]}, "codes.0"),
    ],
)
def test_a_body_with_a_bad_list_is_422_and_names_the_field(
    api: Caller, sandbox: Sandbox, body: dict[str, Any], field: str
) -> None:
    answer = api.call("DELETE", ALLOWED_PATH, json=body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert "36" in sandbox.open_codes


def test_a_body_of_unknown_length_is_411(api: Caller) -> None:
    assert api.call("PUT", ALLOWED_PATH, data=iter([b"{}"])).status_code == 411


# What the sandbox remembers


def test_requests_are_recorded_in_order_without_the_token(api: Caller, sandbox: Sandbox) -> None:
    api.allowed(page=2)
    api.delete("999")
    api.call("PUT", ALLOWED_PATH, data=b"{")
    first, second, third = sandbox.requests
    assert (first.method, first.path, first.query, first.body, first.status) == (
        "GET",
        ALLOWED_PATH,
        {"page": "2"},
        None,
        200,
    )
    assert (second.method, second.body, second.status) == ("DELETE", {"codes": ["999"]}, 200)
    assert (third.body, third.status) == ("{", 400)
    assert first.number < second.number < third.number
    assert first.headers["client"] == "10553"
    assert sandbox.token not in repr(sandbox.requests)


def test_calls_are_counted_by_method_and_path(api: Caller, sandbox: Sandbox) -> None:
    api.allowed()
    api.catalogue()
    api.put(HUNGARY)
    assert (sandbox.calls(), sandbox.calls("GET"), sandbox.calls("GET", CATALOGUE_PATH)) == (3, 2, 1)
    sandbox.clear_requests()
    assert sandbox.calls() == 0


def test_history_tells_each_change_and_who_made_it(api: Caller, sandbox: Sandbox) -> None:
    api.put("1", "3")
    api.put(HUNGARY)
    api.delete("36", "58")
    sandbox.set_open(["7", "43"])
    assert sandbox.history == [
        ("open", ["43", "672"], "api"),
        ("close", ["36", "58"], "api"),
        ("close", ["672"], "owner"),
        ("open", ["7"], "owner"),
    ]


def test_reset_returns_to_the_constructors_state(api: Caller, sandbox: Sandbox) -> None:
    api.delete("36")
    sandbox.set_readings({"R8": "no"})
    sandbox.fail_next(5)
    sandbox.latency = 1
    sandbox.reset()
    assert (sandbox.history, sandbox.requests, sandbox.pending_faults, sandbox.latency) == ([], [], [], 0)
    assert api.allowed()["success"] is True
    assert api.codes() == ["36", "58"]


def test_writes_and_reads_in_progress_at_once_are_measured(sandbox: Sandbox) -> None:
    sandbox.fail_next(7, "hang")

    def hang(method: str) -> None:
        with Caller(sandbox) as caller, pytest.raises(requests.ConnectionError):
            caller.call(method, ALLOWED_PATH)

    with ThreadPoolExecutor(7) as pool:
        for method in ("PUT", "PUT", "DELETE", "GET", "GET", "GET", "GET"):
            pool.submit(hang, method)
        until(lambda: sandbox.calls() == 7)
        sandbox.stop()
    assert sandbox.max_writes_under_way == 3
    assert sandbox.max_under_way("PUT", ALLOWED_PATH) == 2
    assert sandbox.max_under_way("GET", ALLOWED_PATH) == 4
    assert sandbox.max_under_way("GET", CATALOGUE_PATH) == 0


def test_latency_delays_a_call(api: Caller, sandbox: Sandbox) -> None:
    sandbox.latency = 0.05
    assert api.call("GET", ALLOWED_PATH).elapsed.total_seconds() >= 0.05


def test_calls_one_after_the_other_are_never_in_progress_at_once(sandbox: Sandbox) -> None:
    for _ in range(50):
        with Caller(sandbox) as caller:
            caller.put(HUNGARY)
            caller.delete("36")
    assert sandbox.max_writes_under_way == 1


def test_a_write_that_its_client_gave_up_is_not_in_progress(sandbox: Sandbox) -> None:
    sandbox.fail_next(3, "hang", method="PUT")
    for number in range(1, 4):
        with Caller(sandbox, timeout=0.05) as caller, pytest.raises(requests.Timeout):
            caller.put(HUNGARY)
        until(lambda number=number: sandbox.calls() == number)  # type: ignore[misc]  # the client may be first
    with Caller(sandbox) as caller:
        assert caller.put(HUNGARY).ok
    assert sandbox.max_writes_under_way == 1
