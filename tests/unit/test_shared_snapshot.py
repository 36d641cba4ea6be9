"""One answer for many askers: who fetches, who waits, and for how long a value serves."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from plusofon_pulumi.account import shared as module
from plusofon_pulumi.account.shared import MAX_AGE, Shared
from plusofon_pulumi.errors import ServerError, TransportError
from tests.unit.support import FakeTime, ToldCondition, came, failed, start
from tests.waiting import PATIENCE


class Source:
    """Bring 1, then 2, and so on; each fetch waits until it is told to land, if asked to."""

    def __init__(self, *, held: bool = False) -> None:
        self.fetches = 0
        self.under_way = 0
        self.most_under_way = 0
        self.error: BaseException | None = None
        self.begun = threading.Semaphore(0)
        self._held = held
        self._land = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            self.fetches += 1
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            number, error = self.fetches, self.error
        self.begun.release()
        if self._held:
            assert self._land.acquire(timeout=PATIENCE)
        with self._lock:
            self.under_way -= 1
        if error is not None:
            raise error
        return number

    def await_fetch(self) -> None:
        assert self.begun.acquire(timeout=PATIENCE)

    def land(self, times: int = 1) -> None:
        for _ in range(times):
            self._land.release()


class ToldFuture(Future[Any]):
    """A future that tells when somebody asks for its result."""

    asked = threading.Semaphore(0)

    def result(self, timeout: float | None = None) -> Any:
        ToldFuture.asked.release()
        return super().result(timeout)

    @classmethod
    def await_askers(cls, count: int) -> None:
        for _ in range(count):
            assert cls.asked.acquire(timeout=PATIENCE)


@pytest.fixture(autouse=True)
def told_future(monkeypatch: pytest.MonkeyPatch) -> None:
    ToldFuture.asked = threading.Semaphore(0)
    monkeypatch.setattr(module, "Future", ToldFuture)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(module, "time", fake)
    return fake


def shared_of(source: Source, max_age: float = MAX_AGE) -> tuple[Shared[int], ToldCondition]:
    shared = Shared(source, max_age=max_age)
    told = ToldCondition()
    shared._changed = told
    return shared, told


def test_all_who_ask_while_one_fetches_wait_for_that_fetch(clock: FakeTime) -> None:
    source = Source(held=True)
    shared, _ = shared_of(source, max_age=0)  # nothing serves but a fetch under way
    askers = [start(shared.get)]
    source.await_fetch()
    askers += [start(shared.get) for _ in range(7)]
    ToldFuture.await_askers(7)
    source.land()
    assert [came(asker) for asker in askers] == [1] * 8
    assert source.fetches == 1


@pytest.mark.parametrize("age, fetches", [(0, 1), (4.9, 1), (5, 2), (5.1, 2), (3600, 2)])
def test_a_value_serves_for_less_than_five_seconds(age: float, fetches: int, clock: FakeTime) -> None:
    source = Source()
    shared, _ = shared_of(source)
    assert shared.get() == 1
    clock.now += age
    assert shared.get() == fetches
    assert source.fetches == fetches


def test_the_age_counts_from_the_end_of_the_fetch_so_that_a_slow_answer_serves_others_too(clock: FakeTime) -> None:
    source = Source(held=True)
    shared, _ = shared_of(source)
    first = start(shared.get)
    source.await_fetch()
    clock.now += MAX_AGE + 1
    source.land()
    assert came(first) == 1
    clock.now += MAX_AGE - 1
    assert shared.get() == 1
    clock.now += 1
    source.land()
    assert shared.get() == 2


def test_a_value_without_an_age_limit_is_fetched_once(clock: FakeTime) -> None:
    source = Source()
    shared, _ = shared_of(source, max_age=math.inf)
    shared.get()
    clock.now += 10**6
    assert shared.get() == 1


def test_without_a_clock_of_the_tests_the_real_one_is_used() -> None:
    source = Source()
    shared = Shared(source)
    assert (shared.get(), shared.get()) == (1, 1)


def test_a_forgotten_value_serves_nobody(clock: FakeTime) -> None:
    source = Source()
    shared, _ = shared_of(source)
    shared.get()
    shared.forget()
    assert shared.get() == 2
    assert shared.get() == 2


def test_a_value_forgotten_during_its_fetch_serves_only_those_who_asked_before(clock: FakeTime) -> None:
    source = Source(held=True)
    shared, told = shared_of(source)
    early = [start(shared.get)]
    source.await_fetch()
    early.append(start(shared.get))
    ToldFuture.await_askers(1)
    shared.forget()
    late = [start(shared.get) for _ in range(3)]
    told.await_waiters(3)
    assert source.fetches == 1
    source.land(2)
    assert [came(asker) for asker in early] == [1, 1]
    assert [came(asker) for asker in late] == [2, 2, 2]
    assert (source.fetches, source.most_under_way) == (2, 1)


def test_renew_begins_its_fetch_after_the_call_and_serves_the_others(clock: FakeTime) -> None:
    source = Source()
    shared, _ = shared_of(source)
    shared.get()
    assert shared.renew() == 2
    assert shared.get() == 2


def test_renew_waits_for_a_fetch_under_way_and_does_not_take_it(clock: FakeTime) -> None:
    source = Source(held=True)
    shared, told = shared_of(source)
    before = start(shared.get)
    source.await_fetch()
    renewed = start(shared.renew)
    told.await_waiters(1)
    assert source.fetches == 1
    source.land(2)
    assert (came(before), came(renewed)) == (1, 2)
    assert source.most_under_way == 1


def test_those_who_renew_at_once_each_get_a_fetch_of_their_own_time_one_after_another(clock: FakeTime) -> None:
    source = Source(held=True)
    shared, told = shared_of(source)
    first = start(shared.renew)
    source.await_fetch()
    others = [start(shared.renew) for _ in range(3)]
    told.await_waiters(3)
    source.land(4)
    assert came(first) == 1
    assert sorted(came(other) for other in others) == [2, 3, 4]
    assert source.most_under_way == 1


def test_a_failure_is_shared_and_then_tried_again(clock: FakeTime) -> None:
    source = Source(held=True)
    source.error = ServerError("down")
    shared, _ = shared_of(source)
    askers = [start(shared.get)]
    source.await_fetch()
    askers += [start(shared.get) for _ in range(3)]
    ToldFuture.await_askers(3)
    source.land()
    assert [str(failed(asker)) for asker in askers] == ["down"] * 4
    with pytest.raises(ServerError, match="down"):
        shared.get()
    assert source.fetches == 1
    clock.now += MAX_AGE
    source.error = None
    source.land()
    assert shared.get() == 2


def test_a_failure_of_a_lasting_value_is_tried_again_too(clock: FakeTime) -> None:
    source = Source()
    source.error = ServerError("down")
    shared, _ = shared_of(source, max_age=math.inf)
    with pytest.raises(ServerError):
        shared.get()
    source.error = None
    clock.now += MAX_AGE
    assert shared.get() == 2


@pytest.mark.parametrize("act", ["forget", "renew"])
def test_a_failure_can_be_forgotten_at_once(act: str, clock: FakeTime) -> None:
    source = Source()
    source.error = ServerError("down")
    shared, _ = shared_of(source)
    with pytest.raises(ServerError):
        shared.get()
    source.error = None
    getattr(shared, act)()
    assert shared.get() == 2


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interrupt_belongs_to_its_thread_and_lets_those_who_wait_go(
    interrupt: type[BaseException], clock: FakeTime
) -> None:
    source = Source(held=True)
    source.error = interrupt()
    shared, told = shared_of(source)
    leader = start(shared.get)
    source.await_fetch()
    waiter = start(shared.get)
    ToldFuture.await_askers(1)
    renewer = start(shared.renew)
    told.await_waiters(1)
    source.error = None
    source.land(2)
    assert type(failed(leader)) is interrupt
    assert isinstance(failed(waiter), TransportError)
    assert "interrupted" in str(failed(waiter))
    assert came(renewer) == 2


def test_peek_shows_the_last_value_however_old_and_never_fetches(clock: FakeTime) -> None:
    source = Source()
    shared, _ = shared_of(source)
    assert shared.peek() is None
    shared.get()
    clock.now += 3600
    assert shared.peek() == 1
    source.error = ServerError("down")
    with pytest.raises(ServerError):
        shared.get()
    assert shared.peek() is None
    assert source.fetches == 2


def test_many_threads_that_ask_and_renew_never_fetch_twice_at_once() -> None:
    source = Source()
    shared: Shared[int] = Shared(source, max_age=0)
    acts: list[Callable[[], object]] = [shared.get, shared.renew, shared.forget]
    threads = [start(lambda number=number: [acts[(number + n) % 3]() for n in range(60)]) for number in range(8)]  # type: ignore[misc]
    for thread in threads:
        came(thread)
    assert source.most_under_way == 1
    assert source.under_way == 0
