"""The sandbox from start to stop, and what it takes to be made."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.account import catalogue
from tests.unit.sandbox_caller import Caller
from tests.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Iterator

HUNGARY = next(row.id for row in catalogue() if row.code == "36")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(open=["36", 58]) as running:
        yield running


def test_the_url_is_on_loopback_and_known_once_started() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="before it is started"):
        _ = sandbox.url
    with sandbox:
        assert urlsplit(sandbox.url).hostname == "127.0.0.1"
        with pytest.raises(RuntimeError, match="runs already"):
            sandbox.start()


def test_stop_frees_the_port_while_a_call_hangs() -> None:
    sandbox = Sandbox()
    sandbox.start()
    sandbox.fail_next(1, "hang")
    with Caller(sandbox) as caller, ThreadPoolExecutor(1) as pool:
        hung = pool.submit(caller.allowed)
        until(sandbox.calls)
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            hung.result(PATIENCE)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", urlsplit(sandbox.url).port))


def test_stop_does_not_wait_for_a_slow_call() -> None:
    sandbox = Sandbox(latency=600)
    sandbox.start()
    with Caller(sandbox) as caller, ThreadPoolExecutor(1) as pool:
        slow = pool.submit(caller.put, HUNGARY)
        until(sandbox.calls)
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            slow.result(PATIENCE)
    assert sandbox.open_codes == frozenset()


def test_a_sandbox_that_is_started_again_keeps_its_address_and_what_is_open(sandbox: Sandbox) -> None:
    url = sandbox.url
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(requests.ConnectionError), Caller(sandbox) as caller:
        caller.allowed()
    sandbox.start()
    with Caller(sandbox) as caller:
        assert (sandbox.url, caller.codes()) == (url, ["36", "58"])


def test_two_sandboxes_share_nothing(sandbox: Sandbox) -> None:
    with Sandbox() as other:
        assert other.url != sandbox.url
        assert other.token != sandbox.token
        assert other.token.startswith("sandbox-"), "one that begins with - is taken for an option"
        assert other.open_codes == frozenset()


@pytest.mark.parametrize("code", ["", "036", "+36", "Hungary", "٣٦", 0, True, 3.6])
def test_what_cannot_be_a_calling_code_cannot_be_open(code: Any) -> None:
    with pytest.raises(ValueError, match="calling code"):
        Sandbox(open=[code])


def test_one_string_is_not_a_list_of_codes() -> None:
    with pytest.raises(TypeError, match="list"):
        Sandbox(open="36")
