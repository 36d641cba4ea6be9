"""Which calls are repeated, when and for how long; and what a slow or broken connection cannot do."""

from __future__ import annotations

import contextlib
import random
import re
from email.utils import formatdate
from socket import socket
from typing import Any

import pytest
import requests

from plusofon_pulumi.client import Exchange
from plusofon_pulumi.errors import PlusofonError, RequestTimeoutError, TransportError
from tests.unit.support import TOKEN, URL, Answer, FakeTime, Wire, client_over, error_of, get, put
from tests.unit.test_client import CALLS, LIST, ONE, codes, paged
from tests.unit.test_client_errors import BROKEN, REFUSED

BUSY = Answer(503)
PASSING: list[Any] = [*map(Answer, (429, 500, 501, 502, 503, 504)), REFUSED, BROKEN, requests.ReadTimeout()]
PASSING.append(Answer(500, {"message": "Server Error"}))
LASTING: list[Any] = [*map(Answer, (301, 304, 400, 401, 403, 404, 405, 409, 418, 422))]
LASTING += [Answer(500, {"message": "нет доступа"}), Answer(200, b"<p>"), Answer(200, {"success": False})]


pytestmark = pytest.mark.usefixtures("fake_time")


@pytest.mark.parametrize("call", [call for call, *_ in CALLS], ids=["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("failure", [*PASSING, *LASTING], ids=repr)
def test_what_may_pass_is_tried_five_times_and_nothing_else_twice(failure: Any, call: Any, fake_time: FakeTime) -> None:
    client, network = client_over(failure, failure, failure, failure, LIST)
    with contextlib.nullcontext() if failure in PASSING else pytest.raises(PlusofonError):
        call(client)
    assert len(network.sent) == len(fake_time.pauses) + 1 == (5 if failure in PASSING else 1)
    assert len({(sent.method, sent.url, sent.body) for sent in network.sent}) == 1


def test_a_sixth_attempt_is_never_made_but_each_page_has_its_own() -> None:
    assert "503" in str(put(*[BUSY] * 5, LIST))
    client, network = client_over(BUSY, paged("top", 1, 2, ONE), BUSY, BUSY, paged("top", 2, 2, [{"code": 36}]))
    assert codes(client) == ["7", "36"]
    assert len(network.sent) == 5


@pytest.mark.parametrize("first, is_unknown", [(BROKEN, True), (BUSY, True), (REFUSED, False)])
def test_what_one_attempt_may_have_done_the_next_does_not_forget(first: Any, is_unknown: bool) -> None:
    error = put(first, REFUSED)
    assert isinstance(error, TransportError)
    assert error.outcome_unknown is is_unknown
    assert "no connection could be made" in str(error)
    assert str(error).endswith("Whether it was carried out is not known." if is_unknown else "It was not carried out.")


def test_the_pauses_grow_and_are_jittered(fake_time: FakeTime) -> None:
    for _ in range(5):
        get(BUSY)
    for number, pause in enumerate(fake_time.pauses):
        assert 0.25 * 2 ** (number % 4) <= pause <= 0.5 * 2 ** (number % 4)
    assert len(set(fake_time.pauses)) > 5


@pytest.mark.parametrize(
    "header, pause, told",
    [
        ("7", 7, 7),
        (" 30 ", 30, 30),
        ("3600", 30, 3600),
        ("0", 0.5, 0),
        *((odd, 0.5, None) for odd in (None, "", "-5", "1.5", "soon", "nan", "9" * 5000, formatdate(usegmt=True))),
    ],
    ids=lambda value: str(value)[:20],
)
def test_retry_after_is_waited_for_up_to_thirty_seconds_and_told(
    header: str | None, pause: float, told: int | None, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda *_: 1.0)
    client, _ = client_over(Answer(429, b"", {} if header is None else {"Retry-After": header}))
    error: Any = error_of(lambda: client.get_allowed_directions(attempts=2))
    assert (fake_time.pauses, error.retry_after) == ([pause], told)


def test_all_attempts_at_a_call_take_at_most_a_minute(monkeypatch: pytest.MonkeyPatch, fake_time: FakeTime) -> None:
    begun = fake_time.now
    client, network = client_over(Answer(429, b"", {"Retry-After": "29"}))
    error_of(client.get_allowed_directions)
    assert (len(network.sent), fake_time.pauses) == (3, [29, 29])
    # Of the two seconds that are left, the last attempt got no more.
    assert network.options[2]["timeout"] == (2.0, 2.0)
    assert fake_time.now - begun < 60
    error_of(lambda: client.get_allowed_directions(attempts=1, timeout=3.0))
    assert (len(network.sent), network.options[3]["timeout"]) == (4, (3.0, 3.0))


def answered(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def test_an_interim_answer_is_no_answer_and_the_real_one_is_not_taken_for_the_next() -> None:
    def answer(connection: socket) -> None:
        if len(wire.requests) == 2:
            connection.sendall(answered(b'{"directions": {}}'))
        else:
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            if connection.recv(65536):  # the next call, where this one still waits
                connection.sendall(answered(b'{"directions": {"53": {}}}'))

    with Wire(answer) as wire, wire.client as client:
        error = error_of(lambda: client.get_allowed_directions(attempts=1))
        assert "only an interim answer (103) came. Try again." in str(error)
        assert client.get_allowed_directions() == []


def test_an_answer_that_goes_on_for_more_than_a_minute_is_ended(fake_time: FakeTime) -> None:
    def answer(connection: socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _n in range(100):
            fake_time.now += 14
            connection.sendall(b" " * 1024)

    with Wire(answer) as wire, wire.client as client:
        error = error_of(lambda: client.deny_directions(["36"]))
        assert len(wire.requests) == 1
    assert isinstance(error, RequestTimeoutError)
    assert "the answer did not end in time. Try again. Whether it was carried out is not known." in str(error)


def test_an_answer_of_more_than_five_mib_is_refused() -> None:
    assert "it is larger than 5 MiB" in str(get(Answer(200, b'{"directions": {}}' + b" " * 5 * 2**20)))
    assert "is not JSON" in str(get(Answer(200, b" " * 5 * 2**20)))


def test_an_answer_that_is_cut_off_is_no_answer() -> None:
    whole = answered(b'{"directions": {"36": {}}, "padding": "%s"}' % (b"x" * 50))
    for cut in (1, 30, 60):
        with Wire(whole[:-cut]) as wire, wire.client as client:
            assert isinstance(error_of(client.get_allowed_directions), TransportError)
            assert len(wire.requests) == 5


def test_each_attempt_is_observed() -> None:
    seen: list[Exchange] = []
    client, _ = client_over(BUSY, paged("top", 1, 2, ONE), REFUSED, Answer(200, b"<p>"), observe=seen.append)
    error_of(client.get_allowed_directions)
    url = f"{URL}/api/v1/direction"
    assert [(each.method, each.url, each.status, each.attempt, each.body is None) for each in seen] == [
        ("GET", url, 503, 1, True),
        ("GET", url, 200, 2, False),
        ("GET", f"{url}?page=2", None, 1, True),
        ("GET", f"{url}?page=2", 200, 2, True),
    ]


@pytest.mark.parametrize("value", ["debug", " DEBUG", None, "", "off"])
def test_the_environment_asks_for_a_line_about_each_attempt(
    value: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if value is not None:
        monkeypatch.setenv("PLUSOFON_LOG", value)
    client, _ = client_over(REFUSED, LIST)
    client.get_allowed_directions()
    written = capsys.readouterr().err
    assert TOKEN not in written
    line = rf"plusofon: GET {URL}/api/v1/direction (no answer|200) \d+ ms attempt (\d)\n"
    assert re.findall(line, written) == ([("no answer", "1"), ("200", "2")] if "debug" in str(value).lower() else [])
    assert re.sub(line, "", written) == ""
