"""How many connections a process opens to an account: as many as calls that are under way at once, and no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from plusofon_pulumi.account import delivery
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.server import Server
from plusofon_pulumi.sandbox.wire import Answer, Call
from tests.host.host import at_once
from tests.unit.support import account_of
from tests.waiting import PATIENCE

CODES = ["33", "36", "43", "49", "53", "58", "61", "81"]


class Meeting(Sandbox):
    """Answer no call, once ``meet`` is set, before so many are under way at once."""

    meet: threading.Barrier | None = None

    def _respond(self, call: Call) -> Answer:
        if self.meet is not None:
            self.meet.wait(PATIENCE)
        return super()._respond(call)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meeting]:
    monkeypatch.setattr(delivery, "LOOK_PAUSES", (0.01, 0.02))
    running = Meeting(open=["44"], latency=0.002)
    with running:
        yield running


@pytest.fixture
def accepted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The peers whose connections were accepted."""
    peers: list[Any] = []
    process = Server.process_request

    def noted(server: Server, request: Any, peer: Any) -> None:
        peers.append(peer)
        process(server, request, peer)

    monkeypatch.setattr(Server, "process_request", noted)
    return peers


def test_calls_after_each_other_share_one_connection(sandbox: Meeting, accepted: list[Any]) -> None:
    account = account_of(sandbox)
    account.open("36")
    account.close([account.describe("36")])
    account.make_exactly(frozenset({"58"}))
    account.open_directions()
    assert sandbox.calls() > 6
    assert len(accepted) == 1


def test_threads_that_all_read_the_list_first_share_one_connection(sandbox: Meeting, accepted: list[Any]) -> None:
    """A preview, a refresh, and an update with nothing to do."""
    account = account_of(sandbox)
    at_once([account.open_directions] * len(CODES))
    assert len(accepted) == sandbox.calls() == 1


def test_threads_that_all_create_or_all_delete_share_one_connection(sandbox: Meeting, accepted: list[Any]) -> None:
    account = account_of(sandbox)
    at_once([partial(account.open, code) for code in CODES])
    at_once([partial(account.close, [account.describe(code)]) for code in CODES])
    assert sandbox.open_codes == {"44"}
    assert len(accepted) == 1


def test_list_and_catalogue_asked_for_at_once_take_a_connection_each(sandbox: Meeting, accepted: list[Any]) -> None:
    """An update in which some resources are new: their checks ask for the catalogue, those of others for the list."""
    account = account_of(sandbox)
    sandbox.meet = threading.Barrier(2)
    reads: list[Callable[[], object]] = [account.open_directions, partial(account.direction, "36")]
    at_once(reads * 4)
    assert len(accepted) == sandbox.calls() == 2


def test_there_are_never_more_than_three_connections(
    sandbox: Meeting, accepted: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write, a reading of the list by one who waited for the writes before it, and a reading of the catalogue."""
    account = account_of(sandbox)
    account.open_directions()
    write_begins = threading.Event()
    sandbox.meet = threading.Barrier(3, action=partial(setattr, sandbox, "meet", None))
    deny = account._writer._delivery._client.deny_directions

    def denied(codes: Any) -> None:
        write_begins.set()
        deny(codes)

    calls: list[Callable[[], object]] = [
        partial(account.close, [account.describe("44")]),
        account.open_directions,
        partial(account.direction, "36"),
    ]
    with monkeypatch.context() as patched:
        patched.setattr(account._writer._delivery._client, "deny_directions", denied)
        # The write before was done; this one came just afterwards.
        patched.setattr(account._writer, "wait_until_idle", partial(write_begins.wait, PATIENCE))
        at_once(calls)
    assert len(accepted) == 3

    def work(code: str) -> None:
        for _ in range(5):
            account.open(code)
            assert code in account.open_directions()
            account.close([account.describe(code)])

    at_once([partial(work, code) for code in CODES])
    assert sandbox.open_codes == set()
    assert len(accepted) == 3
