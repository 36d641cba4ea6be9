"""Many threads in a process, and several processes on an account: writes never overlap, and nobody waits for ever."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from plusofon_pulumi.account import Account, delivery
from plusofon_pulumi.client import transport
from plusofon_pulumi.errors import (
    DirectionNotChangedError,
    PlusofonError,
    RequestTimeoutError,
    TransportError,
)
from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from tests.host.host import Host, RefusedError, at_once, secret
from tests.unit.support import IDS, account_of, came, start
from tests.waiting import PATIENCE, until
from tests.model.simulation import Wire, sandbox_of, simulated

# As many as the host of dynamic providers has.
THREADS = 4
CODES = ["33", "36", "43", "49", "58", "61", "81", "420"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(open=["44"], latency=0.005) as running:
        yield running


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(delivery, "LOOK_PAUSES", (0.01, 0.02))


def writes_of(account: Account) -> list[int]:
    """Count the account's writes under way, each time that one begins."""
    lock, under_way, peaks = threading.Lock(), [0], []
    client = account._writer._delivery._client
    request = client._transport.request

    def counted(method: str, *arguments: Any, **more: Any) -> object:
        if method == "GET":
            return request(method, *arguments, **more)
        with lock:
            under_way[0] += 1
            peaks.append(under_way[0])
        try:
            return request(method, *arguments, **more)
        finally:
            with lock:
                under_way[0] -= 1

    client._transport.request = counted  # type: ignore[method-assign]  # what this function is for
    return peaks


def outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except PlusofonError as error:
        return error


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("late", ["now", "0.02"])
def test_four_threads_never_write_at_once_and_all_is_as_the_last_asked(sandbox: Sandbox, seed: int, late: str) -> None:
    sandbox.set_readings({"R7": late})
    account = account_of(sandbox)
    peaks = writes_of(account)
    chance = random.Random(seed)
    # Each thread has codes of its own, so that what each code should be at the end is known.
    plans = [[(code, chance.random() < 0.5) for _ in range(6) for code in CODES[n::THREADS]] for n in range(THREADS)]

    def work(plan: list[tuple[str, bool]]) -> None:
        for code, opens in plan:
            if opens:
                account.open(code)
            else:
                account.close([account.describe(code)])
            assert (code in account.open_directions()) is opens

    at_once([partial(work, plan) for plan in plans])
    wanted = {code for plan in plans for code, opens in dict(plan).items() if opens}
    assert sandbox.open_codes == wanted | {"44"}
    assert max(peaks) == 1
    assert sandbox.max_writes_under_way == 1
    assert sandbox.max_under_way("GET", ALLOWED_PATH) == 1


@pytest.mark.parametrize(
    "fault", ["status:503", "reset", "reset:after", "truncate:after", "status:400", "success-false"]
)
def test_a_write_that_fails_lets_all_threads_go_and_the_next_one_works(sandbox: Sandbox, fault: str) -> None:
    account = account_of(sandbox)
    account.open_directions()
    sandbox.fail_next(99, fault, method="PUT")
    outcomes = [start(partial(outcome, partial(account.open, code))) for code in CODES[:THREADS]]
    found = [came(each) for each in outcomes]
    done = [not isinstance(each, PlusofonError) for each in found]
    assert done == [code in sandbox.open_codes for code in CODES[:THREADS]]
    sandbox.clear_faults()
    for code in CODES[:THREADS]:
        account.open(code)
    assert sandbox.open_codes >= set(CODES[:THREADS])
    assert sandbox.max_writes_under_way == 1


def all_wait(account: Account) -> None:
    """Return once each thread's change is queued, or under way."""
    until(lambda: len(account._writer._queue) + len(account._writer._under_way) == THREADS)


@pytest.mark.parametrize("fault", ["hang", "hang:after"])
def test_a_write_that_hangs_lets_all_threads_go_when_its_time_is_over(fault: str) -> None:
    codes = ["7", "36", "53", "58"]
    with simulated() as clock:
        sandbox = sandbox_of(open=["44"])
        wire = Wire(sandbox, clock)
        with wire.connected():
            account = account_of(sandbox)
            account.direction("36")
            account.open_directions()
            sandbox.fail_next(99, fault, method="PUT")
            wire.renew()
            wire.at[1, "before"].append(partial(all_wait, account))
            outcomes = [start(partial(outcome, partial(account.open, code))) for code in codes]
            found = [came(each) for each in outcomes]
            # The write of the first one, and the one of those who came meanwhile: four times each, which is a minute.
            assert sandbox.calls("PUT") == 8
            # What hung after its effect is seen in the list.
            done = fault == "hang:after"
            assert [isinstance(each, RequestTimeoutError) for each in found] == [not done] * THREADS
            assert sandbox.open_codes == ({"44", *codes} if done else {"44"})
            sandbox.clear_faults()
            account.open("36")
            assert "36" in sandbox.open_codes


@pytest.mark.parametrize("where", ["write", "look"])
def test_an_interrupt_of_the_one_who_writes_lets_the_others_go(
    sandbox: Sandbox, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = account_of(sandbox)
    account.open_directions()
    account.direction("36")
    client = account._writer._delivery._client
    request = client._transport.request
    interrupted = threading.Event()
    gathered = threading.Event()
    written = threading.Event()

    def interrupting(method: str, *arguments: Any, **more: Any) -> object:
        is_it = method == "PUT" if where == "write" else method == "GET" and written.is_set()
        if is_it and not interrupted.is_set():
            assert gathered.wait(PATIENCE)
            interrupted.set()
            raise KeyboardInterrupt
        answer = request(method, *arguments, **more)
        if method == "PUT":
            written.set()
        return answer

    monkeypatch.setattr(client._transport, "request", interrupting)
    outcomes: list[Future[Any]] = [start(partial(outcome, partial(account.open, code))) for code in CODES[:4]]
    all_wait(account)
    gathered.set()
    errors = [each.exception(PATIENCE) for each in outcomes]
    assert [type(error) for error in errors if error] == [KeyboardInterrupt]
    for each in outcomes:
        if each.exception() is None:
            assert not isinstance(each.result(), PlusofonError) or isinstance(each.result(), TransportError)
    account.open("36")
    assert "36" in sandbox.open_codes


def test_two_processes_write_beside_each_other_and_both_have_what_they_asked_for(sandbox: Sandbox) -> None:
    ours, theirs = account_of(sandbox), account_of(sandbox)
    peaks = [writes_of(ours), writes_of(theirs)]
    with ThreadPoolExecutor(2 * THREADS) as threads:
        calls = [threads.submit(each.open, code) for code in CODES for each in (ours, theirs)]
        for call in calls:
            call.result(PATIENCE)
    assert sandbox.open_codes == {*CODES, "44"}
    assert [max(each) for each in peaks] == [1, 1]


@pytest.mark.parametrize(
    "act, lost",
    [
        (lambda theirs: theirs.make_exactly(frozenset({"58"})), {"36"}),
        (lambda theirs: theirs.close([theirs.describe("36")]), {"36"}),
    ],
    ids=["whole list", "delete"],
)
def test_a_race_lost_after_the_write_is_seen_by_the_look_and_told(
    act: Callable[[Account], object], lost: set[str]
) -> None:
    with simulated() as clock:
        sandbox = sandbox_of(open=["44"])
        wire = Wire(sandbox, clock)
        with wire.connected():
            ours, theirs = account_of(sandbox), account_of(sandbox)
            ours.direction("36")
            theirs.direction("58")
            ours.open_directions()
            # Ours: PUT, then the look; between the two, theirs.
            wire.renew()
            wire.at[2, "before"].append(wire.at.clear)
            wire.at[2, "before"].append(partial(act, theirs))
            with pytest.raises(DirectionNotChangedError, match=r"^36 \(Hungary\) was not opened"):
                ours.open("36")
            assert not lost & sandbox.open_codes
            # Nothing of it stays: the next one is carried out.
            ours.open("36")
            assert "36" in sandbox.open_codes


def test_a_race_over_a_closing_is_seen_by_the_look_and_told() -> None:
    with simulated() as clock:
        sandbox = sandbox_of(open=["36", "44"])
        wire = Wire(sandbox, clock)
        with wire.connected():
            ours, theirs = account_of(sandbox), account_of(sandbox)
            ours.open_directions()
            theirs.direction("36")
            wire.renew()
            for number in range(2, 40, 2):
                # Whenever ours has closed it, theirs opens it again.
                wire.at[number, "before"].append(partial(sandbox.set_open, ["36", "44"]))
            with pytest.raises(DirectionNotChangedError, match=r"^36 \(Hungary\) was not closed"):
                ours.close([ours.describe("36")])


def test_two_processes_that_fight_over_a_code_both_come_to_an_end(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each says truly what it has seen, at some moment between its write and its answer."""
    stack = {"plusofon:token": secret(sandbox.token), "plusofon:baseUrl": sandbox.url}
    with Host(tmp_path / "a") as one, Host(tmp_path / "b") as other:
        for host in (one, other):
            host.configure(stack)

        def fight(host: Host, seed: int) -> list[object]:
            chance = random.Random(seed)
            found: list[object] = []
            for _ in range(8):
                code = chance.choice(["36", "58"])
                outputs = {"code": code, "name": "", "english_name": ""}
                try:
                    call = (
                        partial(host.create, {"code": code})
                        if chance.random() < 0.5
                        else partial(host.delete, code, outputs)
                    )
                    found.append(call())
                except RefusedError as error:
                    found.append(error)
            return found

        fought = at_once(
            [lambda: fight(one, 1), lambda: fight(one, 2), lambda: fight(other, 3), lambda: fight(other, 4)]
        )
        assert [len(each) for each in fought] == [8] * 4
        told = [str(each) for found in fought for each in found if isinstance(each, RefusedError)]
        assert [each for each in told if "has not changed" not in each or "Traceback" in each] == []
    # A fight leaves nothing behind: whoever comes last has its will. (It is another process, for what one of these has
    # just seen it need not look at again for five seconds.)
    with Host(tmp_path / "c") as last:
        last.configure(stack)
        last.create({"code": "36"})
        last.delete("58", {"code": "58", "name": "", "english_name": ""})
        assert sandbox.open_codes == {"36", "44"}
    # Two processes may write at once, each of them once.
    assert sandbox.max_writes_under_way <= 2


def test_two_processes_that_open_different_codes_lose_none(sandbox: Sandbox, tmp_path: Path) -> None:
    stack = {"plusofon:token": secret(sandbox.token), "plusofon:baseUrl": sandbox.url}
    with Host(tmp_path / "a") as one, Host(tmp_path / "b") as other:
        for host in (one, other):
            host.configure(stack)
        codes = sorted(IDS, key=int)[:40]
        halves = ((one, codes[::2]), (other, codes[1::2]))
        at_once([partial(host.create, {"code": code}) for host, half in halves for code in half])
        assert sandbox.open_codes == {*codes, "44"}
