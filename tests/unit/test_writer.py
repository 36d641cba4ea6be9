"""Many threads: one writer, few calls, and reads that share a snapshot."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest

from plusofon_pulumi import client
from plusofon_pulumi.account import snapshot
from plusofon_pulumi.account.change import Change
from plusofon_pulumi.client import CATALOGUE, OPEN_LIST
from plusofon_pulumi.errors import ServerError
from plusofon_pulumi.sandbox import Sandbox
from tests.overlap import reads_at_once, writes_at_once
from tests.unit.support import ALL_CODES, FakeTime, Process, after, calls, error_of, start
from tests.waiting import PATIENCE, until


def test_215_singles_from_four_threads_take_at_most_120_calls(sandbox: Sandbox) -> None:
    sandbox.latency = 0.005
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(Process(sandbox).open, ALL_CODES[:215]))
    assert len(sandbox.open_codes) == 215
    assert sandbox.calls() <= 120


def test_two_writes_or_two_reads_of_one_list_are_never_under_way_at_once(sandbox: Sandbox) -> None:
    codes, process = ALL_CODES[:8], Process(sandbox)
    sandbox.set_open(codes[:4])
    sandbox.latency = 0.01

    def toggle(code: str) -> None:
        process.close(code)
        process.account.open_directions()
        process.open(code)
        process.account.leave(())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(toggle, codes))
    assert sandbox.open_codes == {*codes}
    assert writes_at_once(sandbox) == 1
    assert reads_at_once(sandbox, OPEN_LIST) == reads_at_once(sandbox, CATALOGUE) == 1
    assert sandbox.calls("PUT") + sandbox.calls("DELETE") < 12


def test_what_comes_while_a_write_is_under_way_goes_out_as_one_batch(process: Process) -> None:
    go, begun = threading.Event(), threading.Event()
    held = after(begun.set, after(go.wait, process.account._client.allow_directions))
    process.account._client.allow_directions = held  # type: ignore[method-assign]
    threads: list[Future[Any]] = [start(lambda: (process.open("36"), process.open("58")))]
    begun.wait()
    threads += [start(process.open, code) for code in ("44", "49", "53")]
    until(lambda: process.account.writer.gathering and process.account.writer.gathering.callers == 3)
    go.set()
    for each in threads:
        each.result(PATIENCE)
    assert process.sandbox.calls("PUT") == 2, "the first thread is waited for, too: it comes back"


def test_a_batch_is_waited_for_only_after_one_of_several(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    joined = process.account.writer.joined
    waits: list[bool] = []
    monkeypatch.setattr(joined, "wait_for", lambda is_complete, timeout: waits.append(not is_complete()))
    process.open("36")
    process.open("44")
    process.account.writer.expected_callers = 2
    process.open("49")
    process.open("53")
    assert waits == [False, False, True, False], "one that came alone is followed by one that need not wait"


def test_a_batch_waits_for_as_many_as_the_last_had_and_as_came_meanwhile(process: Process) -> None:
    writer, deliver = process.account.writer, process.account._delivery.deliver
    expected: list[int] = []
    later: list[Future[Any]] = []

    def watching(change: Change) -> None:
        expected.append(writer.expected_callers)
        if not later:
            later.append(start(process.open, "44"))
            until(lambda: writer.gathering is not None)
        deliver(change)

    process.account._delivery.deliver = watching  # type: ignore[method-assign]
    process.open("36")
    process.open("49")
    later[0].result(PATIENCE)
    assert expected == [1, 2]


def test_a_bug_reaches_everybody_who_waits_and_blocks_nobody_after(process: Process) -> None:
    bug = RuntimeError("a mistake of ours")
    acts = (lambda: process.open("36"), lambda: process.open("44"), lambda: process.close("53"))
    with mock.patch.object(process.account._delivery, "deliver", side_effect=bug):
        assert process.together(*acts) == [bug, bug, bug]
    assert process.account.claims.refusals(["36"])
    assert process.together(*acts) == [None, None, None]


def test_a_code_that_some_open_and_others_close_at_once_is_open(process: Process) -> None:
    process.claim("36")
    assert process.together(lambda: process.open("36"), lambda: process.close("36")) == [None, None]
    assert process.sandbox.open_codes == {"36"}


def test_a_list_is_shared_for_five_seconds_and_the_catalogue_for_ever(process: Process, fake_time: FakeTime) -> None:
    process.account._live._fetch = after(lambda: fake_time.sleep(4), process.account._live._fetch)
    for age, count in [(0.0, 1), (4.9, 1), (0.2, 2), (4.9, 2), (600, 3)]:
        fake_time.now += age
        process.account.open_directions()
        process.account.catalogue().find_one("36")
        assert (process.sandbox.calls("GET", OPEN_LIST), process.sandbox.calls("GET", CATALOGUE)) == (count, 1)


def test_every_write_drops_the_list_even_one_that_failed(process: Process) -> None:
    assert process.account.open_directions() == {}
    process.sandbox.fail_next(1, "status:403", method="PUT")
    error_of(lambda: process.open("36"))
    process.sandbox.set_open(["44"])
    process.open("36")
    assert process.account.open_directions().keys() == {"36", "44"}


def test_a_failure_is_shared_and_forgotten_after_five_seconds(process: Process, fake_time: FakeTime) -> None:
    process.sandbox.fail_next(client.ATTEMPTS * 2, "status:503")
    reads = (process.account.open_directions, lambda: process.account.catalogue().find_one("36"))
    errors = [error_of(read) for read in reads for _ in range(3)]
    assert {type(error) for error in errors} == {ServerError}
    assert len({id(error) for error in errors}) == 6, "each who asks gets one of his own"
    assert process.sandbox.calls() == client.ATTEMPTS * 2
    fake_time.now += snapshot.MAX_AGE
    assert process.account.open_directions() == {}
    assert process.account.catalogue().find_one("36").code == "36"


def test_many_threads_read_with_one_call_and_wait_for_a_write(sandbox: Sandbox) -> None:
    sandbox.latency = 0.05
    process = Process(sandbox)
    with process.account._live.lock:
        readers = [start(process.account.open_directions) for _ in range(16)]
        process.open("36")
        calls(sandbox)
    assert [list(reader.result(PATIENCE)) for reader in readers] == [["36"]] * 16
    assert calls(sandbox) == []
