"""Many threads: one writer, few calls, and reads that share a snapshot."""

from __future__ import annotations

import threading

import pytest

from plusofon_pulumi import client
from plusofon_pulumi.account import delivery, snapshot, writer
from plusofon_pulumi.account.snapshot import Snapshot
from plusofon_pulumi.client import CATALOGUE, OPEN_LIST
from plusofon_pulumi.errors import ServerError
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.support import ALL_CODES, FakeTime, Process, came, error_of, start, writes
from tests.waiting import until


def in_threads(process: Process, count: int, codes: list[str]) -> None:
    """Open codes from so many threads, as the host does, each coming back for the next one."""
    left = iter(codes)
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                code = next(left, None)
            if code is None:
                return
            process.open(code)

    for thread in [start(work) for _ in range(count)]:
        came(thread)


def test_215_singles_from_four_threads_take_at_most_120_calls_and_never_two_at_once(sandbox: Sandbox) -> None:
    sandbox.latency = 0.005
    process = Process(sandbox)
    in_threads(process, 4, ALL_CODES[:215])
    assert sandbox.open_codes == {*ALL_CODES[:215]}
    assert sandbox.calls() <= 120
    assert sandbox.max_writes_under_way == 1
    assert sandbox.max_under_way("GET", OPEN_LIST) == 1


def test_writes_and_reads_from_many_threads_are_never_two_at_once(sandbox: Sandbox) -> None:
    sandbox.set_open(ALL_CODES[:4])
    sandbox.latency = 0.01
    process = Process(sandbox)

    def toggle(code: str) -> None:
        process.close(code)
        process.account.open_directions()
        process.open(code)
        process.account.direction(code)

    for thread in [start(lambda code=code: toggle(code)) for code in ALL_CODES[:8]]:  # type: ignore[misc]
        came(thread)
    assert sandbox.open_codes == {*ALL_CODES[:8]}
    assert sandbox.max_writes_under_way == 1
    assert sandbox.max_under_way("GET", OPEN_LIST) == sandbox.max_under_way("GET", CATALOGUE) == 1
    assert sandbox.calls("PUT") + sandbox.calls("DELETE") < 12


def test_what_comes_while_a_write_is_under_way_goes_out_as_one_batch(process: Process) -> None:
    gate, waits = threading.Event(), threading.Event()
    allow = process.account._client.allow_directions

    def held(ids: list[str]) -> None:
        waits.set()
        gate.wait()
        allow(ids)

    process.account._client.allow_directions = held  # type: ignore[method-assign, assignment]
    first = start(lambda: process.open("36"))
    waits.wait()
    rest = [start(lambda code=code: process.open(code)) for code in ("44", "49", "53")]  # type: ignore[misc]
    until(lambda: process.account._writer._gathering and process.account._writer._gathering.callers == 3)
    gate.set()
    for each in (first, *rest):
        came(each)
    assert writes(process.sandbox) == [("PUT", ["36"]), ("PUT", ["44", "49", "53"])]


def test_a_batch_is_waited_for_only_if_the_last_one_had_several(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[bool] = []
    wait_for = process.account._writer._joined.wait_for

    def counted(predicate: object, timeout: float | None = None) -> bool:
        waited.append(not predicate())  # type: ignore[operator]
        return wait_for(predicate, 0)  # type: ignore[arg-type]

    monkeypatch.setattr(process.account._writer._joined, "wait_for", counted)
    process.open("36")
    process.open("44")
    process.account._writer._last_callers = 2
    process.open("49")
    process.open("53")
    assert waited == [False, False, True, False], "one that came alone is followed by one that need not wait"
    assert writer.LONGEST_GATHERING > 0.25, "the fixture's"


def test_a_code_that_some_open_and_others_close_at_once_is_open(process: Process) -> None:
    process.claim("36")
    assert process.together(lambda: process.open("36"), lambda: process.close("36")) == [None, None]
    assert process.sandbox.open_codes == {"36"}


def test_a_bug_reaches_everybody_who_waits_and_blocks_nobody_after(process: Process) -> None:
    deliver = process.account._delivery.deliver
    bug = RuntimeError("a mistake of ours")

    def broken(change: delivery.Change) -> None:
        process.account._delivery.deliver = deliver  # type: ignore[method-assign]
        raise bug

    process.account._delivery.deliver = broken  # type: ignore[method-assign]
    acts = (lambda: process.open("36"), lambda: process.open("44"), lambda: process.close("53"))
    assert process.together(*acts) == [bug, bug, bug]
    assert process.account.claims.refusal("36") is not None
    process.account._writer._last_callers = 1
    process.open("36")
    assert process.sandbox.open_codes == {"36"}


# The snapshot


def test_a_list_is_shared_for_five_seconds_from_when_it_came_and_the_catalogue_for_ever(
    process: Process, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> tuple[int, int]:
        process.account.open_directions()
        process.account.direction("36")
        return process.sandbox.calls("GET", OPEN_LIST), process.sandbox.calls("GET", CATALOGUE)

    slow = process.account._live._fetch

    def fetch() -> object:
        fake_time.now += 4
        return slow()

    process.account._live._fetch = fetch  # type: ignore[assignment]
    assert snapshot.MAX_AGE == 5
    for age, count in [(0.0, 1), (4.9, 1), (0.1, 2), (4.9, 2), (600, 3)]:
        fake_time.now += age
        assert read() == (count, 1)


def test_every_write_drops_the_list_even_one_that_failed(process: Process) -> None:
    assert process.account.open_directions() == {}
    process.sandbox.fail_next(1, "status:403", method="PUT")
    error_of(lambda: process.open("36"))
    process.sandbox.set_open(["44"])
    process.open("36")
    assert process.account.open_directions().keys() == {"36", "44"}


def test_a_failure_is_shared_by_many_and_forgotten_after_five_seconds(process: Process, fake_time: FakeTime) -> None:
    process.sandbox.fail_next(client.ATTEMPTS * 2, "status:503")
    errors = [error_of(process.account.open_directions) for _ in range(5)]
    assert {type(error) for error in errors} == {ServerError}
    assert len(set(map(id, errors))) == 5, "each raises its own"
    error_of(lambda: process.account.direction("36"))
    assert process.sandbox.calls() == client.ATTEMPTS * 2
    fake_time.now += snapshot.MAX_AGE
    assert process.account.open_directions() == {}
    assert process.account.direction("36").code == "36"


def test_one_who_asks_during_a_write_waits_for_it_and_sees_it() -> None:
    values = iter([1, 2])
    shared = Snapshot(lambda: next(values))
    assert shared.get() == 1
    with shared.lock:
        reader = start(shared.get)
        shared.invalidate()
    assert came(reader) == 2
    assert shared.peek() == 2


def test_many_threads_read_with_one_call(sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    sandbox.latency = 0.05
    process = Process(sandbox)
    readers = [start(process.account.open_directions) for _ in range(16)]
    assert [list(came(reader)) for reader in readers] == [["36"]] * 16
    assert sandbox.calls() == 1


def test_a_bug_in_a_fetch_is_not_kept(process: Process) -> None:
    fetch = process.account._live._fetch

    def broken() -> object:
        process.account._live._fetch = fetch
        raise KeyError

    process.account._live._fetch = broken  # type: ignore[assignment]
    with pytest.raises(KeyError):
        process.account.open_directions()
    assert process.account.open_directions() == {}
