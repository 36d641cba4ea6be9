"""Which calls are repeated, when, and for how long. Nobody waits here: the clock is a stand-in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from plusofon_pulumi.client import OPEN_LIST, PlusofonClient, transport
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import PlusofonError, RateLimitError, RequestTimeoutError, ServerError, TransportError
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.support import IDS, FakeTime, client_at, client_of, refusing_url, sandbox_for, set_time

HUNGARY = Direction("36", "Венгрия", "Hungary")

CALLS: dict[str, Callable[[PlusofonClient], object]] = {
    "GET": PlusofonClient.get_allowed_directions,
    "PUT": lambda client: client.allow_directions(IDS["36"]),
    "DELETE": lambda client: client.deny_directions(["53"]),
}

REPEATED = ["reset", "close", "truncate", "hang", "status:429", "status:502", "status:503", "status:504", "html:503"]
NEVER = [
    *(f"status:{status}" for status in (400, 401, 403, 404, 405, 409, 418, 422, 500, 501, 505, 302)),
    *("html:400", "html:500", "html:200", "success-false", "garbage", "redirect:http://127.0.0.1:9/", "huge"),
]


pytestmark = pytest.mark.usefixtures("fake_time")


@pytest.mark.parametrize("fault", REPEATED)
@pytest.mark.parametrize("after", ["", ":after"])
@pytest.mark.parametrize("method", CALLS)
def test_a_call_that_may_succeed_the_next_time_is_repeated(fault: str, after: str, method: str) -> None:
    with sandbox_for(fault, open=["53"]) as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(1, fault + after, method=method)
        CALLS[method](client)
        assert sandbox.calls(method) == 2
        assert sandbox.open_codes == {"GET": {"53"}, "PUT": {"36", "53"}, "DELETE": frozenset()}[method]
        first, second = sandbox.requests
        assert (first.body, first.path) == (second.body, second.path)


@pytest.mark.parametrize("fault", [fault for fault in REPEATED if fault != "hang"])
def test_a_call_is_given_up_after_five_attempts(fault: str, fake_time: FakeTime) -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(50, fault)
        with pytest.raises(PlusofonError):
            CALLS["PUT"](client)
        assert sandbox.calls() == 5
        assert len(fake_time.pauses) == 4


@pytest.mark.parametrize("seconds, attempts", [(5.0, 5), (15.0, 4), (20.0, 3)])
def test_a_call_that_hangs_is_given_up_after_five_attempts_or_a_minute(
    seconds: float, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "READ_TIMEOUT", seconds)
    with sandbox_for("hang") as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(50, "hang")
        with pytest.raises(RequestTimeoutError):
            CALLS["PUT"](client)
        assert sandbox.calls() == attempts


@pytest.mark.parametrize("fault", NEVER)
@pytest.mark.parametrize("method", CALLS)
def test_a_call_that_would_fail_again_is_not_repeated(fault: str, method: str, fake_time: FakeTime) -> None:
    with Sandbox(open=["53"]) as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(50, fault)
        with pytest.raises(PlusofonError):
            CALLS[method](client)
        assert sandbox.calls() == 1
        assert fake_time.pauses == []


def test_a_refused_connection_is_tried_again(fake_time: FakeTime) -> None:
    with refusing_url() as url, client_at(url) as client, pytest.raises(TransportError):
        CALLS["PUT"](client)
    assert len(fake_time.pauses) == 4


def test_a_service_that_comes_back_is_found(monkeypatch: pytest.MonkeyPatch, fake_time: FakeTime) -> None:
    sandbox = Sandbox(open=["36"])
    with sandbox, client_of(sandbox) as client:
        sandbox.stop()
        monkeypatch.setattr(fake_time, "sleep", lambda _: sandbox.start())
        assert client.get_allowed_directions() == [HUNGARY]


@pytest.mark.parametrize("fault", ["reset:after", "status:503:after"])
def test_what_an_attempt_may_have_done_is_not_forgotten_when_the_next_cannot_connect(
    fault: str, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = Sandbox()
    with sandbox, client_of(sandbox) as client:
        sandbox.fail_next(1, fault)
        monkeypatch.setattr(fake_time, "sleep", lambda _: sandbox.stop())
        with pytest.raises(TransportError, match="no connection could be made") as caught:
            client.allow_directions(IDS["36"])
    assert sandbox.open_codes == {"36"}
    assert caught.value.outcome_unknown is True
    assert "Whether it was carried out is not known." in str(caught.value)


def test_the_pauses_grow_and_are_jittered(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[list[float]] = []
    for _ in range(5):
        fake = FakeTime()
        set_time(monkeypatch, fake)
        with Sandbox() as sandbox, client_of(sandbox) as client:
            sandbox.fail_next(50, "status:503")
            with pytest.raises(ServerError):
                client.get_allowed_directions()
        runs.append(fake.pauses)
    assert len(runs) == 5
    for run in runs:
        assert [0.25 * 2**n <= pause <= 0.5 * 2**n for n, pause in enumerate(run)] == [True] * 4
    assert len({run[0] for run in runs}) > 1


ORDINARY = (0.25, 0.5)


@pytest.mark.parametrize(
    "header,least,most",
    [
        ("0", *ORDINARY),
        ("7", 7, 7),
        (" 7 ", 7, 7),
        ("30", 30, 30),
        ("31", 30, 30),
        ("3600", 30, 30),
        ("9" * 400, 30, 30),
        ("in 20 s", 19, 20),
        ("in an hour", 30, 30),
        ("an hour ago", *ORDINARY),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 30, 30),
        ("-5", *ORDINARY),
        ("1.5", *ORDINARY),
        ("soon", *ORDINARY),
        ("", *ORDINARY),
        ("nan", *ORDINARY),
        ("9" * 5000, *ORDINARY),
        ("Fri, 31 Dec 99999 23:59:59 GMT", *ORDINARY),
        (None, *ORDINARY),
    ],
    ids=lambda value: str(value)[:30],
)
def test_retry_after_tells_the_pause_up_to_thirty_seconds(
    header: str | None, least: float, most: float, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    dates = {"in 20 s": 20, "in an hour": 3600, "an hour ago": -3600}
    if header in dates:
        header = formatdate(now + dates[header], usegmt=True)
    with Sandbox(open=["36"]) as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(fault="status:429", headers={} if header is None else {"Retry-After": header})
        assert client.get_allowed_directions() == [HUNGARY]
        assert sandbox.calls() == 2
    (pause,) = fake_time.pauses
    assert least <= pause <= most


def test_the_error_tells_the_pause_that_was_asked_for() -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(50, "status:429", headers={"Retry-After": "3600"})
        with pytest.raises(RateLimitError, match="Wait a minute") as caught:
            client.get_allowed_directions()
    assert caught.value.retry_after == 3600


def test_the_pauses_asked_for_stay_within_the_minute(fake_time: FakeTime) -> None:
    with Sandbox() as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(50, "status:429", headers={"Retry-After": "29"})
        with pytest.raises(RateLimitError):
            client.get_allowed_directions()
        assert sandbox.calls() == 3
    assert fake_time.pauses == [29, 29]


class Slow(BaseAdapter):
    """Answer nothing, for as long as the time-out lets it."""

    def __init__(self, fake: FakeTime, share: float = 1.0) -> None:
        super().__init__()
        self._fake = fake
        self._share = share
        self.latest = 0.0
        self.timeouts: list[tuple[float, float]] = []

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        self.timeouts.append(timeout)
        self.latest = max(self.latest, self._fake.now + timeout[1])
        self._fake.now += timeout[1] * self._share
        raise requests.ReadTimeout("slow", request=request)

    def close(self) -> None:
        """Have nothing to close."""


@pytest.mark.parametrize("share", [1.0, 0.9, 0.8])
def test_all_attempts_at_one_call_take_at_most_a_minute(
    share: float, monkeypatch: pytest.MonkeyPatch, fake_time: FakeTime
) -> None:
    monkeypatch.setattr(transport, "ATTEMPTS", 50)
    slow = Slow(fake_time, share)
    begun = fake_time.now
    with client_at("https://api.example") as client:
        client._transport._session.mount("https://", slow)
        with pytest.raises(RequestTimeoutError):
            client.get_allowed_directions()
    assert slow.timeouts[0] == (5.0, 15.0)
    assert 30 < fake_time.now - begun <= 60.1
    assert slow.latest - begun <= 60.1


def test_each_page_of_a_list_has_its_own_attempts() -> None:
    codes = sorted(IDS, key=int)[:40]
    with Sandbox(open=codes, readings={"R14": "data"}) as sandbox, client_of(sandbox) as client:
        for skip in (0, 1, 2):
            sandbox.fail_next(1, "status:503", method="GET", path=OPEN_LIST, skip=skip)
        assert [direction.code for direction in client.get_allowed_directions()] == codes
        asked = [json.dumps(dict(request.query)) for request in sandbox.requests]
    assert len(asked) == 6
    assert len(set(asked)) == 3
