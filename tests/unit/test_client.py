"""PlusofonClient: what the four calls send, and how the two lists are read: whole, or not at all."""

from __future__ import annotations

import copy
import gzip
import json
import logging
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import dill
import pytest
import requests

from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import UnexpectedResponseError
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.settings import Settings
from tests.unit.support import TOKEN, URL, Answer, Wire, client_of, client_over, error_of, get

ROW = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
HUNGARY = Direction("36", "Венгрия", "Hungary")
LIST = Answer(200, {"directions": {"36": ROW}})


def codes(client: PlusofonClient) -> list[str]:
    return [direction.code for direction in client.get_allowed_directions()]


CALLS: list[tuple[Any, str, str, object]] = [
    (PlusofonClient.get_allowed_directions, "GET", "/api/v1/direction", None),
    (lambda c: c.allow_directions(iter(["11", 12])), "PUT", "/api/v1/direction", {"direction_ids": ["11", 12]}),
    (lambda c: c.deny_directions((36, "7")), "DELETE", "/api/v1/direction", {"codes": [36, "7"]}),
]


@pytest.mark.parametrize("call, method, path, body", CALLS)
def test_a_call_is_one_request_as_the_description_has_it(call: Any, method: str, path: str, body: object) -> None:
    client, network = client_over(LIST, settings=Settings(TOKEN, client_id="99", base_url=f"{URL}:8443/prefix"))
    call(client)
    (sent,) = network.sent
    assert (sent.method, sent.url) == (method, f"{URL}:8443/prefix{path}")
    assert (json.loads(sent.body) if sent.body else None) == body
    headers = {name: sent.headers[name] for name in ("Authorization", "Client", "Accept", "Content-Type")}
    assert list(headers.values()) == [f"Bearer {TOKEN}", "99", "application/json", "application/json"]
    assert network.options[0]["timeout"] == (5.0, 15.0)


def test_the_catalogue_s_rows_are_kept_with_their_ids_as_they_came() -> None:
    rows = [{**ROW, "id": 11, "code": 36}, {"id": "200", "code": "7"}, {"id": "90", "code": "7"}]
    client, network = client_over(Answer(200, {"directions": [*rows, {"code": "44"}, {"id": 1, "code": "x"}, 5]}))
    catalogue = client.get_directions()
    assert network.sent[0].url == f"{URL}/api/v1/directions"
    assert (list(catalogue), catalogue.ids("36"), catalogue.ids("7")) == (["36", "7"], [11], ["200", "90"])
    assert (catalogue["36"], catalogue["36"].api_code) == (HUNGARY, 36)
    for unusable in ([], [ROW], [5]):
        error = error_of(client_over(Answer(200, {"directions": unusable}))[0].get_directions)
        assert "the catalogue has no entry with an id and a calling code" in str(error)


def test_a_write_of_nothing_is_not_sent() -> None:
    client, network = client_over(LIST)
    for write in (client.allow_directions, client.deny_directions):
        with pytest.raises(ValueError, match="is empty: there is nothing to send"):
            write([])
    assert network.sent == []


def test_any_answer_that_is_no_failure_is_good_enough_for_a_write() -> None:
    bodies: list[object] = [b"", b" \n", {}, {"success": True}, None, [], "ok"]
    for body in bodies:
        client_over(Answer(200, body))[0].allow_directions(["11"])


def test_a_client_is_not_pickled_and_shows_no_token() -> None:
    client, _ = client_over(LIST)
    for attempt in (pickle.dumps, dill.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="Settings hold a token and are not pickled"):
            attempt(client)
    assert TOKEN not in repr((client, vars(client), vars(client._session)))


def test_one_connection_serves_one_call_after_the_other(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "urllib3")
    with Sandbox(open=["36"]) as sandbox, client_of(sandbox) as client:
        client.get_directions()
        client.deny_directions(["36"])
        assert codes(client) == []
    assert caplog.text.count("Starting new HTTP connection") == 1


def test_netrc_does_not_count_and_a_proxy_is_for_the_way_out(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert requests.utils.get_netrc_auth(URL) == ("somebody", "else")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    for url, proxy in ((URL, "http://proxy.example:3128"), ("http://127.0.0.1:9", None)):
        client, network = client_over(LIST, settings=Settings(TOKEN, base_url=url))
        client.get_allowed_directions()
        assert network.sent[0].headers["Authorization"] == f"Bearer {TOKEN}"
        assert requests.utils.select_proxy(url, network.options[0]["proxies"]) == proxy


def test_cookies_are_not_kept_and_packed_answers_are_unpacked() -> None:
    body = gzip.compress(json.dumps(LIST.body).encode())
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: %d\r\n\r\n"
    with Wire(head % len(body) + body) as wire, wire.client as client:
        assert codes(client) == codes(client) == ["36"]
        assert b"cookie" not in wire.requests[1].lower()


LISTS: list[tuple[object, list[str]]] = [
    ({"directions": {"36": ROW}, "error": None}, ["36"]),
    ({"directions": {"36": {"name": "Венгрия"}}}, ["36"]),
    ({"directions": {"0": ROW}}, ["36"]),
    ({"directions": [{**ROW, "code": 36}]}, ["36"]),
    ({"data": [ROW]}, ["36"]),
    ({"directions": {"data": [ROW], "next_page_url": None}}, ["36"]),
    ({"directions": {}}, []),
    ({"directions": []}, []),
    ({"directions": None, "success": True}, []),
    ({"directions": [], "success": True, "message": "ok", "code": 200, "status": "ok", "errors": []}, []),
    ({"data": [], "current_page": 1, "last_page": 1, "total": 0}, []),
]


def test_a_list_in_any_form_of_the_description_is_read() -> None:
    for body, expected in LISTS:
        assert codes(client_over(Answer(200, body))[0]) == expected, body


LAST_PAGE = {"current_page": 1, "last_page": 1}
NO_LISTS: dict[str, list[object]] = {
    "it is not a JSON object": [[], None],
    "it has no «directions»": [{}, {"success": True, "data": []}],
    "«directions» is null": [{"directions": None}, {"directions": {"data": None}}, {"directions": None, **LAST_PAGE}],
    "«directions» is neither an object nor an array": [{"directions": "none"}, {"directions": False}],
    "it is empty, but says that something is wrong": [
        {"directions": [], "message": "no access"},
        {"directions": {}, "code": "400"},
        {"directions": {}, "success": True, "status": 500},
        {"directions": {}, "success": True, "errors": {"a": ["b"]}},
    ],
    "an entry is not an object": [{"directions": {"36": ROW, "count": 1}}, {"data": {"directions": [ROW]}}],
    "an entry has no code": [{"directions": [ROW, {"code": code}]} for code in (None, True, 3.6)],
    "an entry's code is wrong: '0053' is not a calling code: 00 is": [{"directions": [ROW, {"code": "0053"}]}],
    "an entry's code is wrong: 'x' is not a calling code": [{"directions": {"x": {}}}],
}


def test_what_is_no_list_is_an_error_and_never_an_empty_or_half_a_list() -> None:
    for why, body in ((why, body) for why, bodies in NO_LISTS.items() for body in bodies):
        error = get(Answer(200, body))
        assert isinstance(error, UnexpectedResponseError)
        assert f"GET {URL}/api/v1/direction: the answer is not the one described: {why}" in str(error)


def test_keys_that_are_not_known_change_nothing() -> None:
    new: dict[str, object] = {"count": 255, "limit": 50, "per_page": 15, "total": 255, "page": "x", "current_page": 3}
    new |= {"more": "…", "pagination": {"total": 9}, "has_next": True, "links": [{"url": "?page=2"}]}
    new |= {"next_page_url": None, "has_more": False, "meta": {"request": "x", "next_cursor": ""}}
    client, network = client_over(Answer(200, {"directions": {"36": ROW}, "success": True, **new}, {"X-Page": "7"}))
    assert client.get_allowed_directions() == [HUNGARY]
    assert len(network.sent) == 1


def test_names_are_one_printable_line_of_a_sensible_length_and_without_the_token() -> None:
    row = {"code": 36, "name": f" a\nb\x1b[31m\u202e {TOKEN}", "english_name": "x" * 6000}
    (found,) = client_over(Answer(200, {"directions": [row]}))[0].get_allowed_directions()
    assert found.name == "a b?[31m? ***"
    assert len(found.english_name) == 100


PLACES: dict[str, Callable[[object, dict[str, object]], dict[str, object]]] = {
    "top": lambda rows, counters: {"data": rows, **counters},
    "top, beside directions": lambda rows, counters: {"directions": rows, **counters},
    "meta": lambda rows, counters: {"directions": rows, "meta": counters},
    "meta, rows in data": lambda rows, counters: {"data": rows, "meta": counters},
    "beside": lambda rows, counters: {"directions": {"data": rows, **counters}},
    "beside, in data": lambda rows, counters: {"data": {"data": rows, **counters}},
    "meta, beside": lambda rows, counters: {"directions": {"data": rows, "meta": counters}},
}


def paged(place: str, number: object, last: object, rows: Sequence[object], **more: object) -> Answer:
    return Answer(200, PLACES[place](rows, {"current_page": number, "last_page": last, **more}))


ONE, TWO, THREE = ([{"code": code}] for code in ("7", "36", "53"))


@pytest.mark.parametrize("place", PLACES)
def test_laravel_s_pages_are_followed_on_our_own_host_to_the_last(place: str) -> None:
    elsewhere = "https://elsewhere.example/?page=2"
    pages = [(1, "3", ONE, elsewhere), ("2", 3, TWO, elsewhere), (3, 3, THREE, None)]
    client, network = client_over(*(paged(place, *page[:3], total="3", next_page_url=page[3]) for page in pages))
    assert codes(client) == ["7", "36", "53"]
    assert [sent.url for sent in network.sent] == [f"{URL}/api/v1/direction{q}" for q in ("", "?page=2", "?page=3")]
    assert "the answer is 404" in str(get(paged(place, 1, 2, ONE), Answer(404, {"error": "no"})))


HALF_LISTS: list[tuple[list[tuple[object, object, object]], str]] = [
    ([(1, 2, None), (1, 2, None)], "page 2 was asked for, page 1 came"),
    ([(7, 7, None)], "page 1 was asked for, page 7 came"),
    ([(1, None, None)], "page 1 was asked for, page 1 came"),
    ([(True, 1, None)], "page 1 was asked for, page True came"),
    ([(1, 1, 2)], "there are 2 rows, but its pages have 1"),
    # A row that moved to the next page while they were read hides another.
    ([(1, 2, 2), (2, 2, 2)], "there are 2 rows, but its pages have 1"),
]


@pytest.mark.parametrize("place", PLACES)
def test_pages_that_do_not_make_up_the_list_are_refused(place: str) -> None:
    for pages, why in HALF_LISTS:
        error = get(*(paged(place, number, last, ONE, total=total) for number, last, total in pages))
        assert isinstance(error, UnexpectedResponseError)
        assert why in str(error)


def test_a_list_that_goes_on_in_a_way_that_is_not_known_is_refused() -> None:
    signs: list[dict[str, object]] = [{"next_page_url": f"{URL}/?page=2"}, {"next_cursor": "abc"}, {"has_more": True}]
    signs += [{place: {"data": ONE, **sign}} for sign in signs for place in ("meta", "directions")]
    signs += [{"links": {"next": "?page=2"}}, {"directions": {"data": ONE, "links": {"next": "?page=2"}}}]
    lists = [[Answer(200, {"directions": ONE, **more})] for more in signs]
    lists += [[paged("top", 1, 3, TWO, total=5), Answer(200, {"directions": rest})] for rest in (ONE, [])]
    for answers in lists:
        assert "it comes in parts, and does not say how to get the rest" in str(get(*answers)), answers
