"""What comes of every answer that is not the one asked for: the right error, in words that help."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from plusofon_pulumi.client import CATALOGUE, OPEN_LIST, PlusofonClient, allowance, transport
from plusofon_pulumi.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    PermissionDeniedError,
    PlusofonError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.support import IDS, FakeTime, Wire, client_at, client_of, raw, refusing_url
from tests.waiting import until

CALLS: dict[str, Callable[[PlusofonClient], object]] = {
    f"GET {OPEN_LIST}": PlusofonClient.get_allowed_directions,
    f"GET {CATALOGUE}": PlusofonClient.get_directions,
    f"PUT {OPEN_LIST}": lambda client: client.allow_directions(IDS["36"]),
    f"DELETE {OPEN_LIST}": lambda client: client.deny_directions(["36"]),
}
READS = [call for call in CALLS if call.startswith("GET")]
WRITES = [call for call in CALLS if not call.startswith("GET")]


pytestmark = pytest.mark.usefixtures("fake_time")


def error_of(client: PlusofonClient, call: str) -> PlusofonError:
    with pytest.raises(PlusofonError) as caught:
        CALLS[call](client)
    return caught.value


def ok(body: bytes, headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (headers, len(body), body)


# Answers with a status, JSON or not. The body: None is the sandbox's own, {"message": …} (404: {"error": …}).
ANSWERS: list[tuple[str, object, type[APIError], int, str]] = [
    ("status:400", None, BadRequestError, 400, "Неверный параметр"),
    ("status:401", {"message": "Unauthenticated."}, AuthenticationError, 401, "Unauthenticated."),
    ("status:401", b"", AuthenticationError, 401, ""),
    ("status:403", {"message": "Недостаточно прав"}, PermissionDeniedError, 403, "Недостаточно прав"),
    ("status:404", None, NotFoundError, 404, "Не найдено"),
    ("status:404", {"error": {"code": 0, "message": "Page not found."}}, NotFoundError, 404, "Page not found."),
    ("status:405", {"message": "Method Not Allowed"}, APIError, 405, "Method Not Allowed"),
    ("status:409", None, APIError, 409, "Сервис временно недоступен"),
    ("status:418", {}, APIError, 418, ""),
    ("status:422", {"message": "m", "errors": {"codes": ["one", "two"]}}, BadRequestError, 422, "m one two"),
    ("status:429", None, RateLimitError, 429, "Слишком много запросов"),
    ("status:500", None, PermissionDeniedError, 500, "Нет доступа"),
    ("status:500", {"error": "нет доступа"}, PermissionDeniedError, 500, "нет доступа"),
    ("status:500", {}, ServerError, 500, ""),
    ("status:500", {"message": " "}, ServerError, 500, ""),
    ("status:500", b"", ServerError, 500, ""),
    ("status:501", None, ServerError, 501, "Сервис временно недоступен"),
    ("status:502", None, ServerError, 502, "Сервис временно недоступен"),
    ("status:503", {}, ServerError, 503, ""),
    ("status:504", b"", ServerError, 504, ""),
    ("html:200", None, UnexpectedResponseError, 200, ""),
    ("html:400", None, BadRequestError, 400, ""),
    ("html:401", None, AuthenticationError, 401, ""),
    ("html:403", None, PermissionDeniedError, 403, ""),
    ("html:404", None, NotFoundError, 404, ""),
    ("html:429", None, RateLimitError, 429, ""),
    ("html:500", None, ServerError, 500, ""),
    ("html:503", None, ServerError, 503, ""),
    ("success-false", None, UnexpectedResponseError, 200, "Операция не выполнена"),
    ("status:200", {"success": False}, UnexpectedResponseError, 200, ""),
    ("status:200", {"success": False, "directions": {}}, UnexpectedResponseError, 200, ""),
    (
        "status:200",
        {"success": False, "message": "Нет доступа", "code": 500},
        UnexpectedResponseError,
        200,
        "Нет доступа",
    ),
    ("status:200", {"error": "нет"}, UnexpectedResponseError, 200, "нет"),
    (
        "status:200",
        {"jsonrpc": "2.0", "result": None, "error": {"code": 0, "message": "Page not found."}},
        UnexpectedResponseError,
        200,
        "Page not found.",
    ),
    ("status:201", {"success": False}, UnexpectedResponseError, 201, ""),
    ("garbage", None, UnexpectedResponseError, 200, ""),
    ("status:200", b'{"directions": {}', UnexpectedResponseError, 200, ""),
    ("status:200", b"[" * 200_000, UnexpectedResponseError, 200, ""),
    ("status:200", b'{"directions": [{"code": ' + b"1" * 5000 + b"}]}", UnexpectedResponseError, 200, ""),
    ("status:301", {}, UnexpectedResponseError, 301, ""),
    ("status:304", {}, UnexpectedResponseError, 304, ""),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{answer[0]}-{str(answer[1])[:30]}")
def test_an_answer_that_is_not_the_one_asked_for_is_the_error_of_its_status(
    call: str, answer: tuple[str, object, type[APIError], int, str]
) -> None:
    fault, body, kind, status, message = answer
    method, path = call.split()
    with Sandbox(open=["36"]) as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(transport.ATTEMPTS, fault, body=body)
        error = error_of(client, call)
    assert type(error) is kind
    told = (error.status_code, error.message, error.method, error.path)
    assert told == (status, message, method, path)
    assert str(error).startswith(f"{method} {path} at 127.0.0.1: the answer ")
    assert str(error).endswith(f". {kind.remedy}")
    assert str(status) in str(error)
    assert (f"«{message}»" in str(error)) is bool(message)


@pytest.mark.parametrize("call", READS)
def test_a_read_that_is_answered_with_nothing_is_an_error(call: str) -> None:
    with Wire(raw(b"HTTP/1.1 204 No Content\r\n\r\n")) as wire, client_at(wire.url) as client:
        error = error_of(client, call)
    assert "the answer (204) is not JSON" in str(error)


@pytest.mark.parametrize("call", WRITES)
@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 204 No Content\r\n\r\n", ok(b""), ok(b" \n"), ok(b"[]"), ok(b"{}"), ok(b"null")]
)
def test_a_write_may_be_answered_with_nothing_for_the_list_tells_what_came_of_it(call: str, answer: bytes) -> None:
    with Wire(raw(answer)) as wire, client_at(wire.url) as client:
        CALLS[call](client)
        assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "body,message",
    [
        ({"message": "a"}, "a"),
        ({"error": "b"}, "b"),
        ({"error": {"message": "c"}}, "c"),
        ({"message": "a", "error": "b"}, "a"),
        ({"message": "", "error": "b"}, "b"),
        ({"message": None, "error": {"message": "c"}}, "c"),
        ({"message": 5, "error": ["x"]}, ""),
        ({"message": ["x"], "error": {"text": "x"}}, ""),
        ({"message": "a", "errors": {"x": ["b", "c"], "y": ["b"]}}, "a b c"),
        ({"errors": {"x": ["b"]}}, "b"),
        ({"message": "a", "errors": {"x": "b", "y": [5, None]}}, "a"),
        ({"message": "a", "errors": ["b"]}, "a"),
        ({"message": "a", "errors": {"x": ["a"]}}, "a"),
        ({"message": " a\n b\t"}, "a b"),
        ({"message": "я" * 300}, "я" * 300),
        ({"message": "я" * 301}, "я" * 299 + "…"),
        (["message"], ""),
        ("message", ""),
        (None, ""),
        (5, ""),
    ],
)
def test_the_apis_own_words_are_found_wherever_they_are(body: object, message: str) -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(fault="status:400", body=json.dumps(body))
        error = error_of(client, READS[0])
    assert isinstance(error, BadRequestError)
    assert error.message == message


def test_the_first_part_of_an_odd_answer_is_kept() -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(fault="status:400", body=b"\xff" + b"x" * 5000)
        error = error_of(client, READS[0])
    assert isinstance(error, BadRequestError)
    assert error.body == "\ufffd" + "x" * 1998 + "…"


# Answers that are too large, cut, or not HTTP


def test_an_answer_beyond_five_mebibytes_is_refused() -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(fault="huge")
        error = error_of(client, READS[0])
        assert sandbox.calls() == 1
    assert isinstance(error, UnexpectedResponseError)
    assert "it is larger than 5 MiB" in str(error)


def test_an_answer_without_an_end_is_refused_once_it_is_too_large() -> None:
    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"directions": "')
        while not wire.stopped.is_set():
            connection.sendall(b"x" * 65536)

    with Wire(answer) as wire, client_at(wire.url) as client:
        error = error_of(client, READS[0])
        assert len(wire.requests) == 1
    assert "it is larger than 5 MiB" in str(error)


def test_a_large_answer_within_the_limit_is_read() -> None:
    body = b'{"directions": {}, "padding": "' + b"x" * (allowance.LARGEST_ANSWER - 33) + b'"}'
    assert len(body) == allowance.LARGEST_ANSWER
    with Wire(raw(ok(body))) as wire, client_at(wire.url) as client:
        assert client.get_allowed_directions() == []


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CUT = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b'{"directions": {}}',
    b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n" + b'{"directions": {}}',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n" + b'{"directions": {}}\r\n',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n" + b'{"directions": {}}',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + b'{"directions": {}}',
    b"HTTP/1",
    b"",
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"HTTP/1.1 two hundred OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
]


@pytest.mark.parametrize("call", [READS[0], *WRITES])
@pytest.mark.parametrize("answer", CUT, ids=lambda answer: ascii(answer[-40:]) if isinstance(answer, bytes) else answer)
def test_an_answer_that_breaks_off_is_no_answer_though_its_beginning_reads_well(call: str, answer: bytes) -> None:
    with Wire(raw(answer)) as wire, client_at(wire.url) as client:
        error = error_of(client, call)
    assert type(error) is TransportError
    assert error.outcome_unknown is True
    assert "the connection broke" in str(error)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_list_that_breaks_off_before_its_beginning_is_an_error(answer: bytes) -> None:
    with Wire(raw(answer)) as wire, client_at(wire.url) as client:
        assert isinstance(error_of(client, READS[0]), UnexpectedResponseError)


def test_a_chunked_answer_is_read_whole() -> None:
    body = b'6\r\n{"dire\r\nc\r\nctions": {}}\r\n0\r\n\r\n'
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    with Wire(raw(answer)) as wire, client_at(wire.url) as client:
        assert client.get_allowed_directions() == []


@pytest.mark.parametrize("status", [100, 101, 102, 103, 199])
@pytest.mark.parametrize("call", [READS[0], *WRITES])
def test_interim_answers_are_passed_over_and_the_next_call_gets_its_own(status: int, call: str) -> None:
    interim = f"HTTP/1.1 {status} Early Hints\r\nLink: </x>; rel=preload\r\n\r\n".encode()
    answers = [interim * 2 + ok(b'{"directions": {}, "success": true}'), ok(b'{"directions": {"36": {"code": "36"}}}')]

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(answers[0])
        # The body of the first request may come first, or together with the second.
        for come in iter(lambda: connection.recv(65536), b""):
            if b"GET " in come:
                connection.sendall(answers[1])

    with Wire(answer) as wire, client_at(wire.url) as client:
        CALLS[call](client)
        assert [direction.code for direction in client.get_allowed_directions()] == ["36"]


def test_each_attempt_may_read_as_much_as_the_first() -> None:
    padding = b" " * (3 * 1024 * 1024)
    bad = b"HTTP/1.1 503 Busy\r\nContent-Length: %d\r\n\r\n%b" % (len(padding), padding)
    answers = [bad, bad, ok(b'{"directions": {}}' + padding)]
    with Wire(lambda connection, _: connection.sendall(answers.pop(0))) as wire, client_at(wire.url) as client:
        assert client.get_allowed_directions() == []


ENDLESS = {
    "a chunk of a negative size": (CHUNKED + b"-1\r\n", b"x" * 65536),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100),
    "sizes of chunks": (CHUNKED, b"1;" + b"x" * 60_000 + b"\r\n \r\n"),
    "trailers": (CHUNKED + b"0\r\n", b"a: " + b"x" * 60_000 + b"\r\n"),
}


@pytest.mark.parametrize("first, again", ENDLESS.values(), ids=list(ENDLESS))
def test_an_answer_without_end_is_read_no_further_than_the_largest_there_is(first: bytes, again: bytes) -> None:
    sent: list[int] = []

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(first)
        sent.append(0)
        while True:
            connection.sendall(again)
            sent[-1] += len(again)

    with Wire(answer) as wire, client_at(wire.url) as client:
        error = error_of(client, READS[0])
    assert type(error) is TransportError
    assert "the connection broke (" in str(error)
    # What the system holds between the two is on top.
    assert max(sent) < allowance.LARGEST_ANSWER + allowance.LARGEST_FRAME + 16 * 1024 * 1024


# No answer: whether the call was carried out


UNKNOWN = "Whether it was carried out is not known."
UNDONE = "It was not carried out."


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", ["reset", "close", "truncate", "reset:after"])
def test_after_a_broken_connection_the_outcome_is_unknown(call: str, fault: str) -> None:
    with Sandbox(open=["36"]) as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(transport.ATTEMPTS, fault)
        error = error_of(client, call)
    assert type(error) is TransportError
    assert error.outcome_unknown is True
    assert str(error).startswith(f"{call} at 127.0.0.1: the connection broke (")
    assert (UNKNOWN in str(error)) is (call in WRITES)
    assert str(error).endswith(TransportError.remedy)


@pytest.mark.parametrize("call", CALLS)
def test_after_a_refused_connection_nothing_was_changed(call: str) -> None:
    with refusing_url() as url, client_at(url) as client:
        error = error_of(client, call)
    assert type(error) is TransportError
    assert error.outcome_unknown is False
    assert str(error).startswith(f"{call} at 127.0.0.1: no connection could be made (Connection refused).")
    assert (UNDONE in str(error)) is (call in WRITES)


@pytest.mark.parametrize("call", CALLS)
def test_after_a_time_out_the_outcome_is_unknown(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_TIMEOUT", 0.05)
    monkeypatch.setattr(transport, "ATTEMPTS", 2)
    with Sandbox(open=["36"]) as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(2, "hang")
        error = error_of(client, call)
        until(lambda: sandbox.calls() == 2)  # on a busy machine the client may be first
    assert type(error) is RequestTimeoutError
    assert error.outcome_unknown is True
    assert str(error).startswith(f"{call} at 127.0.0.1: no answer came in time.")
    assert (UNKNOWN in str(error)) is (call in WRITES)


def test_an_unknown_host_is_a_refused_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with client_at("https://nowhere.invalid") as client:
        error = error_of(client, WRITES[0])
    assert isinstance(error, TransportError)
    assert error.outcome_unknown is False
    assert "at nowhere.invalid: no connection could be made (Name or service not known)" in str(error)


@pytest.mark.parametrize("call", CALLS)
def test_a_proxy_that_refuses_has_carried_nothing_out(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(raw(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with client_at("https://api.invalid") as client:
            error = error_of(client, call)
        assert {each.partition(b" ")[0] for each in proxy.requests} == {b"CONNECT"}
    assert isinstance(error, TransportError)
    assert error.outcome_unknown is False
    assert str(error).startswith(f"{call} at api.invalid: the proxy refused to connect (407).")
    assert (UNDONE in str(error)) is (call in WRITES)


# What comes at once, and what then comes again and again.
TRICKLES = {
    "the first line": (b"HTTP/1.1 200 O", b"K"),
    "a header": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "headers of answers to come": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body of known length": (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    "a body up to the end": (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "a chunk's size": (CHUNKED, b"0"),
    "a chunk": (CHUNKED + b"ffff\r\n", b" "),
    "chunks": (CHUNKED, b"1\r\n \r\n"),
    "trailers": (CHUNKED + b"0\r\n", b"a: b\r\n"),
    "the body of an error": (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 100000\r\n\r\n", b" "),
}


def trickling(first: bytes, again: bytes, clock: FakeTime) -> Callable[[socket.socket, bytes], None]:
    """Answer with something, and then with something else again and again until the client has gone.

    As much time goes by from one to the next as the client waits at all for either, and at no other moment.
    """

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(first)
        while True:
            clock.now += transport.READ_TIMEOUT
            connection.sendall(again)
            time.sleep(0.01)

    return answer


@pytest.mark.parametrize("first, again", TRICKLES.values(), ids=list(TRICKLES))
@pytest.mark.timeout(60)
def test_an_answer_that_trickles_in_ends_at_the_deadline(first: bytes, again: bytes, fake_time: FakeTime) -> None:
    with Wire(trickling(first, again, fake_time)) as wire, client_at(wire.url) as client:
        error = error_of(client, WRITES[0])
        assert len(wire.requests) == 1
    assert type(error) is RequestTimeoutError
    assert error.outcome_unknown is True


@pytest.mark.timeout(60)
def test_a_proxy_that_trickles_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch, fake_time: FakeTime) -> None:
    # The answer to CONNECT.
    with Wire(trickling(b"HTTP/1.1 200 OK\r\na: ", b"b", fake_time)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with client_at("https://api.invalid") as client:
            error = error_of(client, WRITES[0])
        assert [each.partition(b" ")[0] for each in proxy.requests] == [b"CONNECT"]
    assert type(error) is RequestTimeoutError


@pytest.mark.timeout(60)
def test_a_handshake_that_trickles_ends_with_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CONNECT_TIMEOUT", 0.1)
    # The head of a long message of the handshake, of which byte after byte comes.
    answer = trickling(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03", b"x", FakeTime())
    with (
        Wire(answer, until=b"\x16\x03") as wire,
        client_at(wire.url.replace("http:", "https:")) as client,
    ):
        error = error_of(client, WRITES[0])
        until(lambda: len(wire.requests) == transport.ATTEMPTS)  # on a busy machine the client may be first
    assert isinstance(error, TransportError)


def test_the_pages_of_a_list_share_one_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(connection: socket.socket, request: bytes) -> None:
        number = len(wire.requests)
        rows = [{"code": number, "padding": "x" * 1000}]
        body = json.dumps({"directions": rows, "next_page_url": f"/?page={number + 1}"}).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    monkeypatch.setattr(allowance, "LARGEST_ANSWER", 5000)
    with Wire(answer) as wire, client_at(wire.url) as client:
        with pytest.raises(UnexpectedResponseError, match="larger than"):
            client.get_allowed_directions()
        assert len(wire.requests) == 5


def test_a_large_answer_that_failed_takes_nothing_from_the_next_one() -> None:
    padding = b"x" * (allowance.LARGEST_ANSWER - 100)

    def answer(connection: socket.socket, _: bytes) -> None:
        status, body = b"200 OK", b'{"directions": {}, "padding": "%s"}' % padding[:500]
        if len(wire.requests) == 1:
            status, body = b"503 Busy", padding
        connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)

    with Wire(answer) as wire, client_at(wire.url) as client:
        assert client.get_allowed_directions() == []
        assert len(wire.requests) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", CALLS)
def test_a_redirect_is_not_followed_and_nothing_reaches_the_other_host(status: int, call: str) -> None:
    with Wire(raw(ok(b'{"directions": {}}'))) as elsewhere, Sandbox() as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(fault=f"status:{status}", headers={"Location": f"{elsewhere.url}/x"}, body=b"")
        error = error_of(client, call)
        assert sandbox.calls() == 1
        assert elsewhere.requests == []
    assert isinstance(error, UnexpectedResponseError)
    assert f"the answer ({status}) sends us on to 127.0.0.1, where the token is not sent" in str(error)


@pytest.mark.parametrize(
    "location,told",
    [
        ("https://elsewhere.example/x", "elsewhere.example"),
        ("//elsewhere.example:8443", "elsewhere.example"),
        ("/login", "another address"),
        ("", "another address"),
        ("http://[", "another address"),
        ("https://[x]/", "another address"),
    ],
)
def test_a_redirect_names_the_host_that_it_leads_to(location: str, told: str) -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(fault="status:302", headers={"Location": location}, body=b"")
        error = error_of(client, READS[0])
    assert f"sends us on to {told}, where the token is not sent" in str(error)
