"""PlusofonClient on the sandbox: the four calls, and every reading of the API's description decoded to the same."""

from __future__ import annotations

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from plusofon_pulumi.client import CATALOGUE, OPEN_LIST, PlusofonClient
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import AuthenticationError, ConfigurationError, UnexpectedResponseError
from plusofon_pulumi.sandbox import READINGS, Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.unit.support import IDS, MANY_CODES, TOKEN, Wire, client_at, client_of, raw

HUNGARY = Direction("36", "Венгрия", "Hungary")
VENEZUELA = Direction("58", "Венесуэла", "Venezuela")
EVERYTHING = [(row.id, row.code, row.name, row.english_name) for row in catalogue()]

PAGED = ["data", "directions", "nested", "meta", "beside"]


def rows_of(client: PlusofonClient) -> list[tuple[str, str, str, str]]:
    return [(str(row.id), row.code, row.name, row.english_name) for row in client.get_directions().rows]


def answered(body: object) -> Wire:
    content = json.dumps(body).encode()
    return Wire(raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content)))


# The calls


def test_the_open_directions_are_read() -> None:
    with Sandbox(open=["36", "58"]) as sandbox, client_of(sandbox) as client:
        assert client.get_allowed_directions() == [HUNGARY, VENEZUELA]
        assert [(r.method, r.path, r.query, r.body) for r in sandbox.requests] == [("GET", OPEN_LIST, {}, None)]


def test_the_catalogue_is_read() -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        assert rows_of(client) == EVERYTHING
        assert [(r.method, r.path, r.query, r.body) for r in sandbox.requests] == [("GET", CATALOGUE, {}, None)]


def test_opening_sends_catalogue_ids() -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        client.allow_directions(iter(IDS["36"] + IDS["58"]))
        assert sandbox.open_codes == {"36", "58"}
        (request,) = sandbox.requests
        expected = {"direction_ids": IDS["36"] + IDS["58"]}
        assert (request.method, request.path, request.query, request.body) == ("PUT", OPEN_LIST, {}, expected)


def test_closing_sends_calling_codes() -> None:
    with Sandbox(open=["36", "58", "7"]) as sandbox, client_of(sandbox) as client:
        client.deny_directions(("36", 58))
        assert sandbox.open_codes == {"7"}
        (request,) = sandbox.requests
        expected = {"codes": ["36", 58]}
        assert (request.method, request.path, request.query, request.body) == ("DELETE", OPEN_LIST, {}, expected)


@pytest.mark.parametrize("method", ["allow_directions", "deny_directions"])
def test_a_write_of_nothing_is_not_sent(method: str) -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        with pytest.raises(ValueError, match="there is nothing to send"):
            getattr(client, method)([])
        assert sandbox.requests == []


def test_every_call_has_the_headers_of_the_description() -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        client.get_allowed_directions()
        client.get_directions()
        client.allow_directions(IDS["36"])
        client.deny_directions(["36"])
        headers = [request.headers for request in sandbox.requests]
    for sent in headers:
        told = {name: sent[name] for name in ("accept", "content-type", "client")}
        assert told == {"accept": "application/json", "content-type": "application/json", "client": "10553"}
    assert len(headers) == 4


def test_the_token_is_sent_as_a_bearer_and_nowhere_else() -> None:
    with answered({"directions": {}}) as wire, client_at(wire.url) as client:
        client.get_allowed_directions()
        (request,) = wire.requests
    assert f"\r\nAuthorization: Bearer {TOKEN}\r\n".encode() in request
    assert request.startswith(b"GET /api/v1/direction HTTP/1.1\r\n")
    assert request.count(TOKEN.encode()) == 1


def test_another_client_id_and_a_base_url_with_a_path_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with answered({"directions": {}}) as wire:
        monkeypatch.setenv("PLUSOFON_TOKEN", " from-the-environment\n")
        monkeypatch.setenv("PLUSOFON_CLIENT_ID", "99")
        monkeypatch.setenv("PLUSOFON_BASE_URL", f"{wire.url}/some/where/")
        client = PlusofonClient()
        client.get_allowed_directions()
        client.close()
        (request,) = wire.requests
    assert request.startswith(b"GET /some/where/api/v1/direction HTTP/1.1\r\n")
    assert b"\r\nClient: 99\r\n" in request
    assert b"\r\nAuthorization: Bearer from-the-environment\r\n" in request


def test_a_client_without_a_token_is_not_made() -> None:
    with pytest.raises(ConfigurationError, match="there is no Plusofon token"):
        PlusofonClient()


def test_a_client_is_neither_pickled_nor_copied() -> None:
    with client_at("http://127.0.0.1:9") as client:
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="a client holds a token and is not pickled"):
                attempt(client)
        assert TOKEN not in repr(client)


def test_connections_are_kept_open() -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        client.get_allowed_directions()
        client.allow_directions(IDS["36"])
        client.get_allowed_directions()
        adapter: Any = client._transport._session.get_adapter(sandbox.url)
        (key,) = adapter.poolmanager.pools.keys()
        pool = adapter.poolmanager.pools[key]
        assert (pool.num_connections, pool.num_requests) == (1, 3)


# The readings


@pytest.mark.parametrize("empty", READINGS["R1"].values)
@pytest.mark.parametrize("form", READINGS["R3"].values)
@pytest.mark.parametrize("pages", ["whole", *PAGED, "foreign"])
def test_r1_nothing_open_is_an_empty_list(empty: str, form: str, pages: str) -> None:
    readings = {"R1": empty, "R3": form, "R14": pages}
    with Sandbox(readings=readings) as sandbox, client_of(sandbox) as client:
        assert client.get_allowed_directions() == []


@pytest.mark.parametrize("forms", READINGS["R2"].values)
@pytest.mark.parametrize("form", READINGS["R3"].values)
def test_r2_r3_codes_and_ids_are_the_same_and_go_back_as_they_came(forms: str, form: str) -> None:
    kinds: dict[str, type] = {"string": str, "number": int}
    with Sandbox(open=["36", "58"], readings={"R2": forms, "R3": form}) as sandbox, client_of(sandbox) as client:
        opened = client.get_allowed_directions()
        directions = client.get_directions()
        assert rows_of(client) == EVERYTHING
    assert opened == [HUNGARY, VENEZUELA]
    (id_,) = directions.ids("36")
    came = [type(value) for value in (opened[0].api_code, directions["36"].api_code, id_)]
    assert came == [kinds[word] for word in forms.split("/")]
    assert (str(opened[0].api_code), str(directions["36"].api_code), str(id_)) == ("36", "36", IDS["36"][0])


@pytest.mark.parametrize("success", READINGS["R8"].values)
def test_r8_success_is_not_needed(success: str) -> None:
    with Sandbox(open=["36"], readings={"R8": success}) as sandbox, client_of(sandbox) as client:
        client.allow_directions(IDS["58"])
        assert client.get_allowed_directions() == [HUNGARY, VENEZUELA]
        client.deny_directions(["36"])
        assert client.get_allowed_directions() == [VENEZUELA]
        assert rows_of(client) == EVERYTHING


@pytest.mark.parametrize("pages", ["whole", *PAGED])
@pytest.mark.parametrize("form", READINGS["R3"].values)
def test_r14_a_code_on_page_two_is_open(pages: str, form: str) -> None:
    with Sandbox(open=MANY_CODES, readings={"R14": pages, "R3": form}) as sandbox, client_of(sandbox) as client:
        assert [direction.code for direction in client.get_allowed_directions()] == MANY_CODES
        asked = [request.query for request in sandbox.requests]
    assert asked == ([{}] if pages == "whole" else [{}, {"page": "2"}, {"page": "3"}])


@pytest.mark.parametrize("pages", PAGED)
def test_r14_a_paged_catalogue_is_read_to_its_last_row(pages: str) -> None:
    with Sandbox(readings={"R14": pages}) as sandbox, client_of(sandbox) as client:
        assert rows_of(client) == EVERYTHING


@pytest.mark.parametrize("call", ["get_allowed_directions", "get_directions"])
def test_r14_a_next_page_on_another_host_is_refused(call: str) -> None:
    with Sandbox(open=MANY_CODES, readings={"R14": "foreign"}) as sandbox, client_of(sandbox) as client:
        with pytest.raises(
            UnexpectedResponseError, match=r"another host \(elsewhere.invalid\), where the token is not"
        ):
            getattr(client, call)()
        assert sandbox.calls() == 1


@pytest.mark.parametrize("status", READINGS["R9"].values)
def test_r9_a_refused_token_is_never_an_empty_list(status: str) -> None:
    with Sandbox(open=["36"], readings={"R9": status}) as sandbox, client_at(sandbox.url, "stale") as client:
        for call in (client.get_allowed_directions, client.get_directions, lambda: client.deny_directions(["36"])):
            with pytest.raises(Exception, match="Check the token") as caught:
                call()
            assert getattr(caught.value, "status_code", None) == int(status)
            assert isinstance(caught.value, AuthenticationError) is (status == "401")
        assert sandbox.calls() == 3
        assert sandbox.open_codes == {"36"}


# Lists in forms that no reading plays


HUNGARY_ROW = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}


@pytest.mark.parametrize(
    "body",
    [
        {"directions": {"36": HUNGARY_ROW}, "error": None, "unknown": {"key": 1}},
        {"directions": {"36": {"name": "Венгрия", "english_name": "Hungary"}}},
        {"directions": {"0": HUNGARY_ROW}},
        {"directions": [{**HUNGARY_ROW, "name": " Венгрия ", "english_name": "Hungary\n", "extra": []}]},
        {"data": [HUNGARY_ROW]},
        {"directions": [HUNGARY_ROW], "data": None},
        {"directions": [HUNGARY_ROW], "current_page": 1, "last_page": 1, "next_page_url": None, "total": "1"},
        {"directions": {"data": [HUNGARY_ROW], "next_page_url": None}},
    ],
)
def test_a_list_in_another_form_is_the_same_list(body: object) -> None:
    with answered(body) as wire, client_at(wire.url) as client:
        assert client.get_allowed_directions() == [HUNGARY]
        assert len(wire.requests) == 1


def test_a_row_without_names_has_empty_ones() -> None:
    body = {"directions": [{"code": 36, "name": None, "english_name": 5}]}
    with answered(body) as wire, client_at(wire.url) as client:
        assert client.get_allowed_directions() == [Direction("36", "", "")]


@pytest.mark.parametrize(
    "body,why",
    [
        ([], "not a JSON object"),
        ("directions", "not a JSON object"),
        (None, "not a JSON object"),
        ({}, "no «directions»"),
        ({"success": True}, "no «directions»"),
        ({"result": {"directions": {}}}, "no «directions»"),
        ({"directions": "none"}, "neither an object nor an array"),
        ({"directions": 0}, "neither an object nor an array"),
        ({"directions": False}, "neither an object nor an array"),
        ({"directions": {"36": "Hungary"}}, "an entry is not an object"),
        ({"directions": [HUNGARY_ROW, ["58"]]}, "an entry is not an object"),
        ({"directions": [HUNGARY_ROW, {"name": "Венесуэла"}]}, "an entry has no code"),
        ({"directions": [{"code": True}]}, "an entry has no code"),
        ({"directions": [{"code": 36.5}]}, "an entry has no code"),
        ({"directions": [{"code": None}]}, "an entry has no code"),
        ({"directions": [HUNGARY_ROW, {"code": "0058"}]}, "an entry's code, «0058», is not a calling code"),
        ({"directions": {"x": {"name": "Венесуэла"}}}, "an entry's code, «x», is not a calling code"),
        ({"directions": [HUNGARY_ROW], "total": 2}, "there are 2 rows, but gives 1"),
        ({"data": {"directions": [HUNGARY_ROW]}}, "an entry is not an object"),
    ],
)
def test_a_list_that_cannot_be_understood_is_an_error_and_never_half_a_list(body: object, why: str) -> None:
    with answered(body) as wire, client_at(wire.url) as client, pytest.raises(UnexpectedResponseError) as caught:
        client.get_allowed_directions()
    assert why in str(caught.value)
    assert "GET /api/v1/direction at 127.0.0.1: the answer (200) is not the one described" in str(caught.value)


@pytest.mark.parametrize(
    "next_url,asked",
    [
        ("/api/v1/direction?page=2", "GET /api/v1/direction?page=2 "),
        ("{url}/api/v1/direction?cursor=abc%3D", "GET /api/v1/direction?cursor=abc%3D "),
        ("{url}/api/v1/direction", "GET /api/v1/direction?page=2 "),
        ("?page=2&per_page=1", "GET /api/v1/direction?page=2&per_page=1 "),
        ("{url}/elsewhere?page=2", "GET /api/v1/direction?page=2 "),
    ],
)
def test_the_next_page_is_asked_for_where_the_first_one_was(next_url: str, asked: str) -> None:
    def answer(connection: Any, request: bytes) -> None:
        first = b" /api/v1/direction HTTP" in request
        last: dict[str, object] = {"data": [{"code": 58}]}
        body = {"data": [HUNGARY_ROW], "next_page_url": next_url.format(url=wire.url)} if first else last
        content = json.dumps(body).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content))

    with Wire(answer) as wire, client_at(wire.url) as client:
        assert [direction.code for direction in client.get_allowed_directions()] == ["36", "58"]
        assert wire.requests[1].startswith(asked.encode())
        assert len(wire.requests) == 2


@pytest.mark.parametrize(
    "extra,why",
    [
        ({"next_page_url": "https://elsewhere.example/?page=2"}, "on another host (elsewhere.example)"),
        ({"next_page_url": "//elsewhere.example/?page=2"}, "on another host (elsewhere.example)"),
        ({"links": {"next": "https://elsewhere.example/?page=2"}}, "on another host (elsewhere.example)"),
        ({"next_page_url": "http://["}, "next page's address is not a URL"),
        ({"current_page": 1, "last_page": 2}, "page 2 was asked for, page 1 came"),
        ({"meta": {"current_page": "1", "last_page": "2"}}, "page 2 was asked for, page 1 came"),
        ({"current_page": 7}, "page 1 was asked for, page 7 came"),
    ],
)
def test_pages_that_lead_nowhere_are_refused(extra: dict[str, object], why: str) -> None:
    with answered({"data": [HUNGARY_ROW], **extra}) as wire, client_at(wire.url) as client:
        with pytest.raises(UnexpectedResponseError) as caught:
            client.get_allowed_directions()
        assert why in str(caught.value)
        assert len(wire.requests) <= 2


def test_pages_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plusofon_pulumi.client.pages.MOST_PAGES", 3)
    with answered({"data": [HUNGARY_ROW], "next_page_url": "?cursor=same"}) as wire, client_at(wire.url) as client:
        with pytest.raises(UnexpectedResponseError, match="do not come to an end"):
            client.get_allowed_directions()
        assert len(wire.requests) == 2, "the second answer leads to itself"


@pytest.mark.parametrize(
    "body",
    [
        {"directions": None, "message": "Нет доступа"},
        {"directions": [], "errors": {"token": ["wrong"]}},
        {"directions": {}, "code": 500},
        {"data": []},
        {"data": None},
        {"data": [], "message": "Unauthenticated."},
        {"directions": None, "success": 0},
        {"directions": None, "success": "false"},
        {"data": [HUNGARY_ROW], "next_cursor": "abc"},
        {"data": [HUNGARY_ROW], "has_more": True},
        {"data": [HUNGARY_ROW], "meta": {"pagination": {"total": 3}}},
    ],
)
def test_an_error_under_a_good_status_or_a_part_is_never_the_whole_list(body: dict[str, object]) -> None:
    with answered(body) as wire, client_at(wire.url) as client, pytest.raises(UnexpectedResponseError):
        client.get_allowed_directions()


def test_pages_whose_totals_differ_are_refused() -> None:
    def answer(connection: Any, request: bytes) -> None:
        second = b"page=2" in request
        body = {"data": [HUNGARY_ROW], "current_page": 1 + second, "last_page": 2, "total": 2 - second}
        content = json.dumps(body).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content))

    changed = pytest.raises(UnexpectedResponseError, match="changed while its pages were read")
    with Wire(answer) as wire, client_at(wire.url) as client, changed:
        client.get_allowed_directions()


def test_a_catalogue_row_that_cannot_be_opened_is_left_out() -> None:
    odd: list[object] = [{"code": 58}, {"id": "", "code": 58}, {"id": True, "code": 58}, {"id": "1", "code": "x"}, None]
    with answered({"directions": [*odd, {"id": 0, **HUNGARY_ROW}]}) as wire, client_at(wire.url) as client:
        directions = client.get_directions()
        assert (list(directions), directions.ids("36")) == (["36"], [0])


@pytest.mark.parametrize(
    "rows,why",
    [
        ([], "the catalogue is empty"),
        (None, "the catalogue is empty"),
        ([{"code": 58}], "an entry has no id"),
        ([{"id": "1"}], "an entry has no code"),
    ],
)
def test_a_catalogue_without_a_usable_row_is_an_error(rows: object, why: str) -> None:
    with (
        answered({"directions": rows}) as wire,
        client_at(wire.url) as client,
        pytest.raises(UnexpectedResponseError, match=f"GET /api/v1/directions at .*: {why}"),
    ):
        client.get_directions()


def test_several_threads_share_one_client() -> None:
    with Sandbox(open=["36"]) as sandbox, client_of(sandbox) as client, ThreadPoolExecutor(8) as threads:
        lists = list(threads.map(lambda _: client.get_allowed_directions(), range(32)))
    assert lists == [[HUNGARY]] * 32
