"""Answers of any kind: whatever comes, only errors of ours leave, short, in bounded time and memory."""

from __future__ import annotations

import contextlib
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest import mock

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from plusofon_pulumi.client import PlusofonClient, allowance, transport
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import (
    APIError,
    AuthenticationError,
    PlusofonError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)
from plusofon_pulumi.settings import Settings
from tests.unit.support import TOKEN, FakeTime, Wire, client_at, raw

CALLS: list[Callable[[PlusofonClient], object]] = [
    lambda client: client.get_allowed_directions(),
    lambda client: list(client.get_directions()),
    lambda client: client.allow_directions(["1"]),
    lambda client: client.deny_directions(["36"]),
]
MIB = 1024 * 1024


class Answers(BaseAdapter):
    """Give every request the same answer, or the next of several; count the bytes that are taken of it."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.status, self.headers = status, headers or {}
        self.bodies = [body]
        self.taken = 0
        self.requests = 0

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        response = requests.Response()
        response.status_code = self.status
        response.headers = CaseInsensitiveDict(self.headers)
        content = io.BytesIO(self.bodies[min(self.requests, len(self.bodies) - 1)])
        self.requests += 1
        answers = self

        class Body:
            def read1(self, size: int) -> bytes:
                chunk = content.read(size)
                answers.taken += len(chunk)
                return chunk

            read = read1

            def close(self) -> None:
                pass

        response.raw = Body()
        response.request = request
        return response

    def close(self) -> None:
        pass


@contextlib.contextmanager
def client_that_gets(answers: Answers, token: str = TOKEN) -> Iterator[PlusofonClient]:
    clock = FakeTime()
    with (
        mock.patch.object(transport._Session, "get_adapter", return_value=answers),
        mock.patch.object(transport, "time", clock),
        mock.patch.object(allowance, "time", clock),
    ):
        yield PlusofonClient(Settings(token, base_url="http://127.0.0.1:9"))


def see_to(error: PlusofonError, token: str = TOKEN) -> None:
    """See that a message is one that a person can read, and that the engine can send."""
    text = str(error)
    assert text.encode("utf-8")
    assert text.isprintable(), "one line, without what would steer a terminal or turn its letters"
    assert len(text) < 1000
    assert token not in text
    assert token not in repr(error.args)
    assert error.__cause__ is None
    assert error.__context__ is None, "an exception of requests carries the request, and so the token"
    if isinstance(error, APIError):
        assert token not in error.body + error.message
        assert len(error.body) <= 2000
        assert len(error.message) <= 300


def outcome(client: PlusofonClient, call: Callable[[PlusofonClient], object]) -> object:
    try:
        return call(client)
    except PlusofonError as error:
        see_to(error)
        return error


texts = st.text(max_size=30)
numbers = st.integers() | st.floats() | st.integers(min_value=10**20, max_value=10**400)
leaves = st.none() | st.booleans() | numbers | texts | st.sampled_from(["36", 36, "7", "", "1-242", "\ud800", TOKEN])
keys = texts | st.sampled_from(
    [
        *("directions", "data", "code", "id", "name", "english_name", "success", "message", "error", "errors"),
        *("current_page", "last_page", "next_page_url", "total", "meta", "links", "next", "36", "\ud800"),
        *("has_more", "pagination", "_links", "next_cursor", "count", "last", "per_page", "totalPages"),
    ]
)
documents = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=12
)
rows = st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "code", "name", "english_name"), leaves | documents))
counters = st.dictionaries(
    keys, leaves | st.sampled_from([0, 1, 2, "1", 1.0, 2.0, None, False, "/?page=2", {"href": "/?page=2"}]), max_size=4
)
places = counters | st.fixed_dictionaries({}, optional={"meta": counters, "links": counters, "data": counters})
lists = st.fixed_dictionaries(
    {"directions": st.lists(rows, max_size=4) | st.dictionaries(keys, rows, max_size=4) | documents},
    optional={
        "data": st.lists(rows, max_size=2),
        "current_page": leaves,
        "last_page": leaves,
        "next_page_url": leaves | st.just("http://127.0.0.1:9/api?page=2"),
        "total": leaves,
        "success": leaves,
        "meta": places | documents,
        "links": places | documents,
    },
)


def with_rows_in_data(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "directions": {**document.get("meta", {}), "data": document["directions"]}}


nested = st.fixed_dictionaries({"directions": st.lists(rows, max_size=3), "meta": places}).map(with_rows_in_data)
statuses = st.sampled_from(
    [200, 200, 200, 201, 204, 301, 302, 400, 401, 403, 404, 422, 429, 500, 502, 503]
) | st.integers(200, 599)
headers = st.dictionaries(
    st.sampled_from(["Location", "Retry-After", "Content-Type", "Content-Length", "Set-Cookie"]), texts, max_size=3
)


def as_json(document: object) -> bytes:
    return json.dumps(document).encode()


@settings(max_examples=150)
@given(statuses, documents | lists, headers)
@example(302, None, {"Location": "https://[::1"})
@example(429, None, {"Retry-After": "1" * 5000})
@example(429, None, {"Retry-After": "Fri, 99 Foo 99999 99:99:99 GMT"})
@example(200, {"directions": [{"code": 10**400}]}, {})
@example(200, {"directions": [], "last_page": 10**400}, {})
@example(200, {"directions": [], "next_page_url": "?a=b", "last_page": "9"}, {})
def test_any_json_gives_an_answer_or_an_error_of_ours(status: int, document: object, extra: dict[str, str]) -> None:
    answers = Answers(status, as_json(document), extra)
    with client_that_gets(answers) as client:
        for call in CALLS:
            outcome(client, call)


@settings(max_examples=150)
@given(statuses, st.binary(max_size=200) | texts.map(str.encode) | documents.map(as_json).map(lambda text: text[:-1]))
@example(200, b"\xff\xfe\x00")
@example(200, b"\xef\xbb\xbf{}")
@example(200, b'{"directions": {}} {}')
@example(200, b"NaN")
@example(200, b"")
def test_any_bytes_give_an_answer_or_an_error_of_ours(status: int, content: bytes) -> None:
    with client_that_gets(Answers(status, content)) as client:
        for call in CALLS:
            outcome(client, call)


def rows_in(document: dict[str, Any]) -> list[Any]:
    """Return every row of an answer, in whichever place."""
    inner = document["directions"]
    is_paginator = isinstance(inner, dict) and "data" in inner
    contents = [inner["data"] if is_paginator else inner, document.get("data")]
    return [row for content in contents for row in content or ()]


def signs_of_more(document: object) -> Iterator[tuple[str, object]]:
    """Yield what an answer says that only a list of several pages says, or one that is not understood."""
    if not isinstance(document, dict):
        return
    for key, value in document.items():
        if key in ("data", "directions", "meta", "links", "_links"):
            yield from signs_of_more(value)
        elif key in ("current_page", "last_page"):
            if value is not None and float(value) > 1:
                yield key, value
        elif key in ("next", "next_page_url", "next_cursor", "has_more", "pagination", "totalPages") and value:
            yield key, value


@settings(max_examples=400)
@given(lists | nested)
def test_a_list_is_read_whole_or_not_at_all(document: dict[str, Any]) -> None:
    """Half a list taken for the whole would close what is open, or leave open what nobody sees."""
    answers = Answers(200, as_json(document))
    with client_that_gets(answers) as client:
        found = outcome(client, CALLS[0])
        if isinstance(found, PlusofonError):
            return
        assert isinstance(found, list)
        # Whatever is asked for, the same comes: more than one page is never a whole list.
        assert answers.requests == 1
        assert len(found) == len(rows_in(document))
        assert not list(signs_of_more(document))
        for each in found:
            assert isinstance(each, Direction)
            assert each.code.isascii()
            assert each.code.isdigit()


@settings(max_examples=100)
@given(lists, st.sampled_from([200, 400, 401, 500]), st.data())
def test_a_token_anywhere_in_an_answer_is_in_no_message(
    document: dict[str, Any], status: int, data: st.DataObject
) -> None:
    token = data.draw(st.text("abcXYZ019/+=_-.&<\"'", min_size=8, max_size=30))
    quoted = json.loads(json.dumps(document).replace(json.dumps(TOKEN), json.dumps(token)))
    for body in (quoted, {"message": f"bad {token}"}, {"error": {"message": token}}, {"directions": [{"code": token}]}):
        with client_that_gets(Answers(status, as_json(body), {"Location": f"https://{token}/"}), token) as client:
            for call in CALLS:
                try:
                    call(client)
                except PlusofonError as error:
                    see_to(error, token)


# Found by this fuzz, and mended.


@pytest.mark.parametrize(
    "status, body",
    [
        (400, {"message": "\ud800"}),
        (200, {"directions": [{"code": "\ud800"}]}),
        (200, {"success": False, "error": "\ud800"}),
    ],
)
def test_a_text_that_is_no_unicode_can_be_sent_to_the_engine_all_the_same(status: int, body: dict[str, Any]) -> None:
    with client_that_gets(Answers(status, as_json(body))) as client:
        assert isinstance(outcome(client, CALLS[0]), PlusofonError)


@pytest.mark.parametrize("key", ["name", "english_name"])
def test_a_name_that_is_no_unicode_can_be_sent_to_the_engine_all_the_same(key: str) -> None:
    """The engine is answered after the write: what fails then leaves a code open that is in nobody's state."""
    rows = {"directions": [{"id": "1", "code": 36, "name": "Венгрия", "english_name": "Hungary", key: "\ud800"}]}
    with client_that_gets(Answers(200, as_json(rows))) as client:
        [found] = client.get_allowed_directions()
        assert f"{found.name}{found.english_name}".encode()


# What ends a line, steers a terminal, or turns the letters after it.
STEERING = "\n\r\t\x0b\x0c\x1b\x1c\x85\u2028\u2029\u202e\u2066\u200f\ufeff\x00\x7f\x9b"


@pytest.mark.parametrize("sign", STEERING)
def test_no_text_of_the_api_s_steers_a_terminal(sign: str) -> None:
    said = f"a{sign}b"
    for status, body in (
        (400, {"message": said}),
        (200, {"success": False, "error": said}),
        (422, {"message": "x", "errors": {"codes": [said]}}),
        (200, {"directions": [{"code": said}]}),
        (200, {"directions": {said: {}}}),
        (200, {"directions": [], f"next{sign}page": 2}),
        (200, {"data": [], "next_page_url": f"https://{said}.example/?page=2"}),
    ):
        with client_that_gets(Answers(status, as_json(body))) as client:
            assert isinstance(outcome(client, CALLS[0]), PlusofonError)
    with client_that_gets(Answers(302, b"", {"Location": f"https://{said}.example/"})) as client:
        assert isinstance(outcome(client, CALLS[0]), UnexpectedResponseError)
    rows = [{"id": "1", "code": 36, "name": said, "english_name": said}]
    with client_that_gets(Answers(200, as_json({"directions": rows}))) as client:
        for found in (*client.get_allowed_directions(), *client.get_directions().rows):
            assert f"{found.name}{found.english_name}{found}".isprintable()


def test_a_name_is_no_longer_than_a_message_bears() -> None:
    rows = [{"id": n, "code": 36, "name": f"{n}" * 6_000, "english_name": f"{n} " * 6_000} for n in range(1, 30)]
    with client_that_gets(Answers(200, as_json({"directions": rows}))) as client:
        catalogue = client.get_directions()
        assert (
            {len(each.name) for each in catalogue.rows} == {len(each.english_name) for each in catalogue.rows} == {100}
        )
        # All those that share a code are named together.
        assert len(str(catalogue["36"])) < 450


def test_a_redirect_to_a_very_long_host_is_told_in_short() -> None:
    with client_that_gets(Answers(302, b"", {"Location": f"https://{'a' * 60_000}/"})) as client:
        assert isinstance(outcome(client, CALLS[0]), UnexpectedResponseError)


HOSTILE = {
    "brackets": b"[" * (5 * MIB - 1),
    "objects": b'{"a":' * (MIB - 1),
    "many rows": b'{"directions":[' + b"[]," * (MIB + 500_000) + b"[]]}",
    "many good rows": b'{"directions":[' + b",".join([b'{"code":36,"id":1}'] * 250_000) + b"]}",
    "a long number": b'{"directions":[{"code":' + b"9" * (5 * MIB - 100) + b"}]}",
    "a long code": b'{"directions":[{"code":"' + b"9" * (5 * MIB - 100) + b'"}]}',
    "a long message": b'{"success":false,"message":"' + b"<b>" * (MIB + 500_000) + b'"}',
    "a long name": b'{"directions":{"36":{"code":"36","name":"' + b"a " * (2 * MIB) + b'"}}}',
    "white space": b" " * (5 * MIB - 1),
    "many errors": b'{"message":"x","errors":{"a":[' + b'"b",' * MIB + b'"c"]}}',
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("content", HOSTILE.values(), ids=list(HOSTILE))
def test_an_answer_made_to_hurt_costs_bounded_time(content: bytes) -> None:
    assert len(content) <= allowance.LARGEST_ANSWER
    for status in (200, 400):
        with client_that_gets(Answers(status, content)) as client:
            outcome(client, CALLS[0])


def test_an_answer_made_to_hurt_costs_bounded_memory() -> None:
    with client_that_gets(Answers(200, HOSTILE["many rows"])) as client:
        tracemalloc.start()
        try:
            outcome(client, CALLS[0])
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 400 * MIB


@pytest.mark.parametrize(
    "status, kind, says",
    [
        (200, UnexpectedResponseError, r"\(200\) is not the one described: it is larger than 5 MiB"),
        (201, UnexpectedResponseError, r"\(201\) is not the one described: it is larger than 5 MiB"),
        (401, AuthenticationError, "the answer is 401"),
        (500, ServerError, "the answer is 500"),
    ],
)
def test_no_more_is_read_than_the_largest_answer(status: int, kind: type[APIError], says: str) -> None:
    answers = Answers(status, b" " * (40 * MIB))
    with client_that_gets(answers) as client, pytest.raises(kind, match=says) as caught:
        client.get_allowed_directions()
    assert (type(caught.value), caught.value.status_code) == (kind, status)
    assert answers.taken <= allowance.LARGEST_ANSWER + MIB


def test_pages_without_end_are_refused() -> None:
    answers = Answers(200, b"")
    answers.bodies = [as_json({"data": [{"code": n}], "next_page_url": f"/api?cursor={n}"}) for n in range(1, 600)]
    with client_that_gets(answers) as client, pytest.raises(UnexpectedResponseError, match="do not come to an end"):
        client.get_allowed_directions()
    assert answers.requests <= 500


# The same, with a real socket: what comes need not even be HTTP.

NOISE = [
    b"",
    b"\r\n",
    b"\x00" * 100,
    b"HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 abc OK\r\n\r\n",
    b"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
    b"HTTP/9.9 200 OK\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffff\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n{}",
    b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n{}",
    b"HTTP/1.1 200 \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01",
]


@pytest.mark.parametrize("noise", NOISE, ids=[str(each[:40]) for each in NOISE])
def test_what_is_no_http_is_an_error_of_ours(noise: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.0001)
    with Wire(raw(noise)) as wire, client_at(wire.url) as client:
        for call in CALLS:
            found = outcome(client, call)
            # A write may be answered with nothing at all; what then counts is the list.
            assert isinstance(found, PlusofonError) or call in CALLS[2:]


@settings(max_examples=40)
@given(st.binary(max_size=120), st.booleans())
def test_any_bytes_on_a_socket_are_an_error_of_ours(noise: bytes, has_head: bool) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" if has_head else b""
    with (
        mock.patch.object(transport, "FIRST_PAUSE", 0.0001),
        Wire(raw(head + noise)) as wire,
        client_at(wire.url) as client,
    ):
        assert isinstance(outcome(client, CALLS[0]), (TransportError, UnexpectedResponseError, APIError))
