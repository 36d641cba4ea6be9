"""Each fault, before and after the call took effect."""

from __future__ import annotations

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.unit.sandbox_caller import Caller
from tests.waiting import PATIENCE, until

HUNGARY = next(row.id for row in catalogue() if row.code == "36")


def raw_put(sandbox: Sandbox) -> bytes:
    """Send one PUT over a bare socket and return all that comes back."""
    host, port = sandbox.url.removeprefix("http://").split(":")
    body = b'{"direction_ids": ["%s"]}' % HUNGARY.encode()
    head = (
        f"PUT {ALLOWED_PATH} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {sandbox.token}\r\n"
        "Client: 10553\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "fault,status",
    [
        ("status:503", 503),
        ("status:500", 500),
        ("html", 502),
        ("html:200", 200),
        ("redirect:http://elsewhere.invalid/", 302),
        ("echo", 400),
        ("echo:401", 401),
        ("success-false", 200),
        ("garbage", 200),
        ("huge", 200),
    ],
)
def test_a_fault_that_answers_leaves_a_write_undone_or_done(
    api: Caller, sandbox: Sandbox, fault: str, status: int, after: bool
) -> None:
    sandbox.fail_next(1, fault + (":after" if after else ""))
    assert api.put(HUNGARY).status_code == status
    assert sandbox.open_codes == ({"36"} if after else set())
    assert [(r.status, r.fault) for r in sandbox.requests] == [(status, sandbox.requests[0].fault)]
    assert api.put(HUNGARY).json() == {"success": True}


def test_a_status_has_a_body_of_the_apis_kind(api: Caller, sandbox: Sandbox) -> None:
    bodies = {}
    for status in (400, 404, 429, 500, 503):
        sandbox.fail_next(1, f"status:{status}")
        bodies[status] = api.call("GET", ALLOWED_PATH).json()
    assert bodies == {
        400: {"message": "Неверный параметр"},
        404: {"error": "Не найдено"},
        429: {"message": "Слишком много запросов"},
        500: {"message": "Нет доступа"},
        503: {"message": "Сервис временно недоступен"},
    }


def test_a_status_may_have_headers_and_a_body_of_ones_own(api: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "status:429", headers={"Retry-After": "2"}, body={"why": "Слишком часто"})
    answer = api.call("GET", ALLOWED_PATH)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (429, "2", {"why": "Слишком часто"})
    sandbox.fail_next(2, "status:200", headers={"Content-Type": "text/plain"}, body="готово")
    assert api.call("GET", ALLOWED_PATH).content.decode() == "готово"
    sandbox.clear_faults()
    sandbox.fail_next(1, "status:200", body=b"")
    assert api.call("GET", ALLOWED_PATH).content == b""


def test_a_status_without_content_has_no_body_even_where_one_is_given(api: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "status:204")
    assert api.put(HUNGARY).content == b""
    assert api.codes() == []


def test_a_page_is_html(api: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "html:503")
    answer = api.call("GET", CATALOGUE_PATH)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "503 Технические работы" in answer.text


def test_a_redirect_names_its_target(api: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "redirect:http://elsewhere.invalid/login")
    assert api.call("GET", ALLOWED_PATH).headers["Location"] == "http://elsewhere.invalid/login"


def test_an_echo_quotes_the_token(api: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "echo:500")
    assert f"Bearer {sandbox.token}" in api.call("GET", ALLOWED_PATH).json()["message"]


def test_garbage_is_not_json(api: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "garbage")
    with pytest.raises(ValueError, match=r"."):
        api.allowed()


def test_a_huge_answer_is_good_but_for_its_size(api: Caller, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    sandbox.fail_next(1, "huge")
    answer = api.call("GET", ALLOWED_PATH)
    assert len(answer.content) > 5 * 1024 * 1024
    assert list(answer.json()["directions"]) == ["36"]


@pytest.mark.parametrize("after", [False, True])
def test_a_truncated_answer_is_shorter_than_it_says(sandbox: Sandbox, after: bool) -> None:
    sandbox.fail_next(1, "truncate" + (":after" if after else ""))
    head, _, body = raw_put(sandbox).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 17" in head
    assert body == b'{"succes'
    assert sandbox.open_codes == ({"36"} if after else set())


@pytest.mark.parametrize("after", [False, True])
def test_a_reset_is_a_reset(sandbox: Sandbox, after: bool) -> None:
    sandbox.fail_next(1, "reset" + (":after" if after else ""))
    with pytest.raises(ConnectionResetError):
        raw_put(sandbox)
    assert sandbox.open_codes == ({"36"} if after else set())
    assert [r.status for r in sandbox.requests] == [None]


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_is_closed_without_an_answer(sandbox: Sandbox, after: bool) -> None:
    sandbox.fail_next(1, "close" + (":after" if after else ""))
    assert raw_put(sandbox) == b""
    assert sandbox.open_codes == ({"36"} if after else set())


@pytest.mark.parametrize("after", [False, True])
def test_a_call_hangs_until_the_client_gives_up(sandbox: Sandbox, after: bool) -> None:
    sandbox.fail_next(1, "hang" + (":after" if after else ""))
    with Caller(sandbox, timeout=0.1) as caller, pytest.raises(requests.Timeout):
        caller.put(HUNGARY)
    until(lambda: sandbox.open_codes if after else sandbox.calls())  # on a busy machine the client may be first
    assert sandbox.open_codes == ({"36"} if after else set())
    assert [(r.method, r.status) for r in sandbox.requests] == [("PUT", None)]


def test_a_hung_call_does_not_hold_up_the_others(sandbox: Sandbox, api: Caller) -> None:
    sandbox.fail_next(1, "hang", method="PUT")
    with Caller(sandbox) as other, ThreadPoolExecutor(1) as pool:
        hung = pool.submit(other.put, HUNGARY)
        until(lambda: sandbox.calls("PUT"))
        assert api.codes() == []
        assert sandbox.max_writes_under_way == 1
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            hung.result(PATIENCE)


def test_an_ignored_write_answers_success_and_changes_nothing(api: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "ignore")
    assert api.codes() == []  # a read is not what it is about
    assert api.put(HUNGARY).json() == {"success": True}
    assert api.codes() == []
    assert sandbox.history == []


@pytest.mark.parametrize("reading, status", [("401", 401), ("403", 403), ("500", 500), ("200", 200)])
def test_an_expired_token_is_answered_as_a_wrong_one(api: Caller, sandbox: Sandbox, reading: str, status: int) -> None:
    sandbox.set_readings({"R9": reading})
    sandbox.fail_next(2, "expired")
    for answer in (api.call("GET", ALLOWED_PATH), api.put(HUNGARY)):
        assert answer.status_code == status
        assert answer.json()["message"]
        assert answer.json().get("success") is (False if reading == "200" else None)
    assert sandbox.history == []
    assert api.put(HUNGARY).json() == {"success": True}


def test_a_fault_after_effect_still_checks_the_request(api: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "status:503:after")
    api.call("PUT", ALLOWED_PATH, json={"direction_ids": [HUNGARY]}, headers={"Authorization": "Bearer wrong"})
    assert sandbox.open_codes == frozenset()


# Which calls fail


def test_only_the_next_calls_of_that_method_and_path_fail(api: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(2, "status:503", method="GET", path=ALLOWED_PATH, skip=1)
    assert api.put(HUNGARY).ok
    assert api.call("GET", CATALOGUE_PATH).ok
    assert [api.call("GET", ALLOWED_PATH).status_code for _ in range(4)] == [200, 503, 503, 200]
    assert sandbox.pending_faults == []


def test_orders_are_taken_one_after_the_other(api: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "status:502")
    sandbox.fail_next(1, "status:504")
    assert [api.call("GET", ALLOWED_PATH).status_code for _ in range(3)] == [502, 504, 200]


def test_a_connection_is_kept_alive_between_calls(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request("GET", "/_sandbox/state")
        connection.getresponse().read()
        first = connection.sock
        connection.request("GET", "/_sandbox/state")
        connection.getresponse().read()
        assert connection.sock is first
    finally:
        connection.close()


@pytest.mark.parametrize(
    "fault,words",
    [
        ("", "no fault is called ''"),
        ("flood", "no fault is called 'flood'"),
        ("status:abc", "a status from 200 to 599"),
        ("status:99", "a status from 200 to 599"),
        ("hang:5", "takes no argument"),
        ("redirect", "redirect:URL"),
        ("ignore:after", "never takes effect"),
        ("expired:after", "never takes effect"),
    ],
)
def test_a_fault_that_cannot_be_read_is_refused(sandbox: Sandbox, fault: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sandbox.fail_next(1, fault)


def test_a_fault_that_sends_nothing_takes_no_body(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="sends no answer"):
        sandbox.fail_next(1, "hang", body="late")
