"""The one writer: batches, claims, and that the live list tells what came of a write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from plusofon_pulumi.account import delivery as delivery_module
from plusofon_pulumi.account import writer as writer_module
from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import MOST_PARTS
from plusofon_pulumi.account.writer import Change
from plusofon_pulumi.client import CATALOGUE, OPEN_LIST
from plusofon_pulumi.errors import (
    AuthenticationError,
    BadRequestError,
    DirectionClaimedError,
    DirectionNotChangedError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
    UnknownDirectionError,
)
from plusofon_pulumi.sandbox.account import catalogue
from tests.unit.support import IDS, FakeTime, came, failed, start
from tests.unit.writer_bench import Bench, Held, bench, kinds
from tests.waiting import PATIENCE

EIGHT = ["33", "36", "43", "49", "58", "61", "81", "420"]


pytestmark = pytest.mark.usefixtures("fake_time")


# One change


def test_one_code_is_opened_with_one_write_and_one_look() -> None:
    with bench() as b:
        change = b.open("36")
        assert b.calls() == ["GET direction", "GET directions", "PUT direction", "GET direction"]
        assert b.sandbox.open_codes == {"36"}
    assert (change.failures, change.believed, change.done) == ({}, {}, True)


def test_one_code_is_closed_with_one_write_and_one_look() -> None:
    with bench("36", "58") as b:
        b.close("36")
        assert b.calls() == ["GET direction", "DELETE direction", "GET direction"]
        assert b.sandbox.open_codes == {"58"}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_is_as_asked_for_already_is_not_written(method: str) -> None:
    with bench(*["36"] * (method == "PUT")) as b:
        assert b.write(method).failures == {}
        assert b.calls() == ["GET direction"]


def test_a_change_of_nothing_writes_nothing() -> None:
    with bench("36") as b:
        assert b.open().failures == {}
        assert b.sandbox.calls("PUT") + b.sandbox.calls("DELETE") == 0


def test_all_ids_of_a_shared_code_are_sent() -> None:
    with bench() as b:
        b.open("7", "44")
        (put,) = [request.body for request in b.sandbox.requests if request.method == "PUT"]
        assert isinstance(put, dict)
        assert sorted(put["direction_ids"]) == sorted(IDS["7"] + IDS["44"])
        assert len(IDS["7"]) == 2


def test_openings_and_closings_of_one_change_are_two_writes_and_one_look() -> None:
    with bench("58", "53") as b:
        b.writer.submit(Change(opens=frozenset({"36", "33"}), closes=frozenset({"58", "53"})))
        assert b.calls()[-3:] == ["DELETE direction", "PUT direction", "GET direction"]
        assert b.sandbox.open_codes == {"33", "36"}


def test_a_code_that_the_catalogue_lacks_fails_alone() -> None:
    with bench() as b:
        change = b.open("36", "999999")
        assert b.sandbox.open_codes == {"36"}
    assert kinds(change) == {"999999": UnknownDirectionError}


def test_an_unreadable_catalogue_fails_openings_and_writes_none() -> None:
    with bench("58") as b:
        b.sandbox.fail_next(50, "status:500", path=CATALOGUE)
        change = Change(opens=frozenset({"36"}), closes=frozenset({"58"}))
        b.writer.submit(change)
        assert b.sandbox.calls("PUT") == 0
        assert b.sandbox.open_codes == frozenset()
    assert kinds(change) == {"36": PermissionDeniedError}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("fault", ["status:401", "status:500", "html:503", "reset", "garbage", "success-false"])
def test_nothing_is_written_where_the_list_cannot_be_read(method: str, fault: str) -> None:
    with bench("58") as b:
        b.sandbox.fail_next(50, fault, method="GET")
        outcome = start(lambda: b.write(method, "58"))
        assert "GET /api/v1/direction" in str(failed(outcome))
        assert b.sandbox.calls("PUT") + b.sandbox.calls("DELETE") == 0


# Batches


def test_what_is_queued_while_a_write_is_under_way_goes_out_as_one_batch() -> None:
    with bench("53") as b:
        held = Held(b.delivery)
        threads = [start(lambda: b.open(EIGHT[0]))]
        held.await_begin()
        threads += [start(lambda code=code: b.open(code)) for code in EIGHT[1:]]  # type: ignore[misc]
        threads.append(start(lambda: b.close("53")))
        b.told.await_waiters(8)
        held.go.set()
        assert [came(thread).failures for thread in threads] == [{}] * 9
        assert held.batches == [([], EIGHT[:1]), (["53"], sorted(EIGHT[1:]))]
        assert (b.sandbox.calls("PUT"), b.sandbox.calls("DELETE")) == (2, 1)
        assert b.sandbox.max_writes_under_way == 1
        assert b.sandbox.open_codes == set(EIGHT)


@pytest.fixture
def gathering(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """Let a leader wait for as long as a test may take."""
    clock = FakeTime()
    monkeypatch.setattr(writer_module, "time", clock)
    monkeypatch.setattr(writer_module, "LONGEST_GATHERING", PATIENCE)
    return clock


def two_after(bench: Bench, clock: FakeTime) -> tuple[Held, Future[Change], Future[Change]]:
    """Start a batch of one, and a change that waits for it; let the batch take long."""
    held = Held(bench.delivery)
    first = start(lambda: bench.open("33"))
    held.await_begin()
    second = start(lambda: bench.open("36"))
    bench.told.await_waiters(1)
    clock.sleep(10 * PATIENCE)
    return held, first, second


def test_a_thread_that_comes_back_at_once_is_waited_for(gathering: FakeTime) -> None:
    with bench() as b:
        held, first, second = two_after(b, gathering)
        held.go.set()
        came(first)
        b.told.await_waiters(1)
        third = start(lambda: b.open("43"))
        assert [came(each).failures for each in (second, third)] == [{}, {}]
        assert held.batches == [([], ["33"]), ([], ["36", "43"])]


def test_a_thread_that_does_not_come_back_is_not_waited_for_long(
    gathering: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "LONGEST_GATHERING", 0.01)
    with bench() as b:
        held, first, second = two_after(b, gathering)
        held.go.set()
        came(first)
        b.told.await_waiters(1)
        gathering.sleep(1)
        assert came(second).failures == {}
        # The next one comes alone, and is expected to.
        came(start(lambda: b.open("43")))
        assert held.batches == [([], ["33"]), ([], ["36"]), ([], ["43"])]


def test_a_leader_that_is_interrupted_while_it_gathers_lets_the_others_go(
    gathering: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench() as b:
        held, first, second = two_after(b, gathering)
        wait = b.told.wait

        def interrupted(timeout: float | None = None) -> bool:
            if timeout is not None:
                raise KeyboardInterrupt
            return wait()

        with monkeypatch.context() as patched:
            patched.setattr(b.told, "wait", interrupted)
            held.go.set()
            came(first)
            assert type(failed(second)) is KeyboardInterrupt
        gathering.sleep(PATIENCE)
        b.writer.wait_until_idle()
        assert b.open("43").failures == {}
        assert b.sandbox.open_codes == {"33", "43"}


def test_never_two_writes_at_once_from_many_threads() -> None:
    with bench(*EIGHT[:4]) as b:
        b.sandbox.latency = 0.01

        def toggle(code: str) -> list[Change]:
            return [b.close(code), b.open(code), b.close(code), b.open(code)]

        threads = [start(lambda code=code: toggle(code)) for code in EIGHT]  # type: ignore[misc]
        assert not any(change.failures for thread in threads for change in came(thread))
        assert b.sandbox.max_writes_under_way == 1
        assert b.sandbox.calls("PUT") + b.sandbox.calls("DELETE") < 32
        assert b.sandbox.open_codes == set(EIGHT)


@pytest.mark.parametrize("before", [[], ["36"]])
def test_a_code_that_some_open_and_others_close_in_one_batch_is_open(before: list[str]) -> None:
    with bench(*before) as b:
        held = Held(b.delivery)
        first = start(lambda: b.open("58"))
        held.await_begin()
        threads = [start(lambda: b.open("36")), start(lambda: b.close("36"))]
        b.told.await_waiters(2)
        held.go.set()
        for thread in (first, *threads):
            came(thread)
        assert b.sandbox.open_codes == {"36", "58"}


@pytest.mark.parametrize("error", [RuntimeError("a mistake of ours"), ServerError("down")])
def test_a_leader_that_fails_fails_its_batch_and_blocks_nobody(error: Exception) -> None:
    with bench() as b:
        held = Held(b.delivery)
        first = start(lambda: b.open("58"))
        held.await_begin()
        threads = [start(lambda code=code: b.open(code)) for code in ("36", "33")]  # type: ignore[misc]
        b.told.await_waiters(2)
        held._error = None
        failing = Held(b.delivery, error)
        failing.go.set()
        held.go.set()
        assert came(first).failures == {}
        assert [failed(thread) for thread in threads] == [error, error]
        b.writer.wait_until_idle()
        assert b.open("36").failures == {}


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_leader_lets_its_batch_go(interrupt: type[BaseException]) -> None:
    with bench() as b:
        held = Held(b.delivery, interrupt())
        leader = start(lambda: b.open("58"))
        held.await_begin()
        waiter = start(lambda: b.open("36"))
        b.told.await_waiters(1)
        held.go.set()
        assert type(failed(leader)) is interrupt
        assert came(waiter).failures == {}
        b.writer.wait_until_idle()
        assert b.sandbox.open_codes == {"36"}


def test_what_an_interrupted_write_has_changed_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with bench() as b:
        assert b.live.get() == {}
        with monkeypatch.context() as patched:
            patched.setattr(b.delivery, "_settle", interrupted)
            assert type(failed(start(lambda: b.open("36")))) is KeyboardInterrupt
        assert b.live.get().keys() == {"36"}


def test_waiting_until_idle_waits_for_what_is_queued_and_under_way() -> None:
    with bench() as b:
        b.writer.wait_until_idle()
        held = Held(b.delivery)
        first = start(lambda: b.open("58"))
        held.await_begin()
        second = start(lambda: b.open("36"))
        b.told.await_waiters(1)

        def wait() -> frozenset[str]:
            b.writer.wait_until_idle()
            return b.sandbox.open_codes

        idle = start(wait)
        b.told.await_waiters(1)
        assert not idle.done()
        held.go.set()
        assert came(idle) == {"36", "58"}
        came(first)
        came(second)


# One bad code among good ones


def catalogue_with(changed: dict[str, str]) -> dict[str, object]:
    """Return the catalogue's answer with other ids for some codes, which the API will not know."""
    rows = [
        {"id": changed.get(row.code, row.id), "code": row.code, "name": row.name, "english_name": row.english_name}
        for row in catalogue()
    ]
    return {"directions": rows}


@pytest.mark.parametrize("r6, error", [("400", BadRequestError), ("ignored", DirectionNotChangedError)])
@pytest.mark.parametrize("r10", ["all", "good"])
@pytest.mark.parametrize("bad", [EIGHT[:1], EIGHT[-1:], EIGHT[2:4], EIGHT])
def test_a_bad_id_does_not_fail_its_neighbours(r6: str, error: type[Exception], r10: str, bad: list[str]) -> None:
    with bench(R6=r6, R10=r10) as b:
        b.sandbox.fail_next(1, "status:200", path=CATALOGUE, body=catalogue_with({code: f"9{code}999" for code in bad}))
        change = b.open(*EIGHT)
        assert b.sandbox.open_codes == set(EIGHT) - set(bad)
        assert b.sandbox.calls("PUT") <= 2 * len(EIGHT)
    assert kinds(change) == dict.fromkeys(sorted(bad), error)


@pytest.mark.parametrize("r4", ["200", "404", "400"])
@pytest.mark.parametrize("r10", ["all", "good"])
@pytest.mark.parametrize("gone", [EIGHT[:1], EIGHT[2:5], EIGHT])
def test_a_code_that_somebody_closed_meanwhile_does_not_fail_its_neighbours(r4: str, r10: str, gone: list[str]) -> None:
    with bench(*EIGHT, R4=r4, R10=r10) as b:
        b.live.get()
        b.sandbox.set_open(sorted(set(EIGHT) - set(gone)))
        assert b.close(*EIGHT).failures == {}
        assert b.sandbox.open_codes == frozenset()


@pytest.mark.parametrize("r5", ["200", "400"])
@pytest.mark.parametrize("r10", ["all", "good"])
@pytest.mark.parametrize("r13", ["any", "each"])
@pytest.mark.parametrize("there", [["36"], ["7"], ["7", "36", "44"]])
def test_a_code_that_somebody_opened_meanwhile_does_not_fail_its_neighbours(
    r5: str, r10: str, r13: str, there: list[str]
) -> None:
    with bench(R5=r5, R10=r10, R13=r13) as b:
        b.live.get()
        b.sandbox.set_open(there)
        assert b.open("36", "7", "44", "58").failures == {}
        assert b.sandbox.open_codes == {"36", "7", "44", "58"}


ALL_CODES = sorted(IDS)
# Answers that can be about one of the codes, and some that cannot.
REFUSALS = ["status:400", "status:404", "status:422", "html:400", "success-false"]
NO_REFUSALS = [
    *("status:401", "status:403", "status:405", "status:413", "status:500", "html:500"),
    *("html:200", "garbage", "redirect:https://example.com/"),
]


def write_all(b: Bench, method: str) -> Change:
    return b.open(*ALL_CODES) if method == "PUT" else b.close(*ALL_CODES)


@pytest.mark.parametrize("method, most", [("PUT", 1 + MOST_PARTS), ("DELETE", 2 + 2 * MOST_PARTS)])
@pytest.mark.parametrize("fault", REFUSALS)
def test_whoever_refuses_everything_is_not_asked_for_ever(
    fault: str, method: str, most: int, fake_time: FakeTime
) -> None:
    with bench(*ALL_CODES * (method == "DELETE")) as b:
        b.sandbox.fail_next(9999, fault, method=method)
        began = fake_time.now
        change = write_all(b, method)
        assert b.sandbox.calls(method) <= most
        assert b.sandbox.calls("GET", OPEN_LIST) <= 2 * most
    assert change.failures.keys() == set(ALL_CODES)
    # Waited for what shows late: after each form of the whole, and once more at the end.
    assert fake_time.now - began <= 3 * sum(delivery_module.LOOK_PAUSES)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("fault", NO_REFUSALS)
def test_an_error_that_cannot_be_about_one_code_is_no_reason_to_try_the_others(
    fault: str, method: str, fake_time: FakeTime
) -> None:
    with bench(*ALL_CODES * (method == "DELETE")) as b:
        b.sandbox.fail_next(9999, fault, method=method)
        change = write_all(b, method)
        assert b.sandbox.calls(method) == 1
    assert change.failures.keys() == set(ALL_CODES)
    assert len(fake_time.pauses) == len(delivery_module.LOOK_PAUSES)


@pytest.mark.parametrize(
    "bad", [ALL_CODES[:1], ALL_CODES[-1:], ALL_CODES[100:101], ALL_CODES[50:52], ALL_CODES[1:109:107]]
)
@pytest.mark.usefixtures("fake_time")
def test_a_bad_code_or_two_among_all_that_there_are_are_found(bad: list[str]) -> None:
    with bench() as b:
        b.sandbox.fail_next(1, "status:200", path=CATALOGUE, body=catalogue_with({code: f"9{code}999" for code in bad}))
        change = b.open(*ALL_CODES)
        assert b.sandbox.open_codes == set(ALL_CODES) - set(bad)
        assert b.sandbox.calls("PUT") <= 1 + MOST_PARTS
    assert kinds(change) == dict.fromkeys(bad, BadRequestError)


@pytest.mark.usefixtures("fake_time")
def test_codes_that_there_was_no_time_to_try_alone_are_told_as_such() -> None:
    bad = ALL_CODES[::20]
    with bench() as b:
        b.sandbox.fail_next(1, "status:200", path=CATALOGUE, body=catalogue_with({code: f"9{code}999" for code in bad}))
        change = b.open(*ALL_CODES)
        assert b.sandbox.calls("PUT") == 1 + MOST_PARTS
        assert b.sandbox.open_codes == set(ALL_CODES) - change.failures.keys()
    with_others = {code for code, error in change.failures.items() if "sent with others" in str(error)}
    assert with_others >= change.failures.keys() - set(bad)
    assert with_others & set(bad)


def test_whoever_is_slow_to_refuse_is_not_asked_for_ever(fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    with bench(*ALL_CODES) as b:
        deny = b.client.deny_directions

        def slowly(codes: Any) -> None:
            fake_time.sleep(14)
            deny(codes)

        monkeypatch.setattr(b.client, "deny_directions", slowly)
        b.sandbox.fail_next(9999, "status:400", method="DELETE")
        began = fake_time.now
        b.close(*ALL_CODES)
        # The whole in two forms, the parts for a minute, and the last of them.
        assert fake_time.now - began < 2 * 14 + 60 + 2 * 14 + 3 * sum(delivery_module.LOOK_PAUSES)


def test_what_is_declared_meanwhile_is_not_closed_with_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    with bench("36", "58") as b:
        b.sandbox.fail_next(2, "status:400", method="DELETE")
        parts = b.delivery._send_in_parts

        def claimed_first(*arguments: Any) -> None:
            b.claims.claim({"36"})
            parts(*arguments)

        monkeypatch.setattr(b.delivery, "_send_in_parts", claimed_first)
        change = b.close("36", "58")
        assert (set(change.kept), change.failures) == ({"36"}, {})
        assert b.sandbox.open_codes == {"36"}


def test_what_is_declared_meanwhile_is_not_closed_in_another_form(monkeypatch: pytest.MonkeyPatch) -> None:
    with bench("36", "58", R12="numbers", R4="404") as b:
        b.sandbox.set_readings({"R2": "string"})
        look = b.delivery._look

        def claimed_first(sent: Any) -> Any:
            b.claims.claim({"36"})
            return look(sent)

        monkeypatch.setattr(b.delivery, "_look", claimed_first)
        change = b.close("36", "58")
        assert (set(change.kept), change.failures) == ({"36"}, {})
        assert b.sandbox.open_codes == {"36"}


def test_a_part_is_sent_in_each_form() -> None:
    # Two forms are refused for the code that is gone; then only numbers match, and the list gives texts.
    with bench(*EIGHT, R2="string", R4="404", R10="all", R12="numbers") as b:
        b.live.get()
        b.sandbox.set_open(EIGHT[1:])
        assert b.close(*EIGHT).failures == {}
        assert b.sandbox.open_codes == frozenset()


@pytest.mark.parametrize("given, taken", [("string", "strings"), ("number", "strings"), ("string", "numbers")])
@pytest.mark.usefixtures("fake_time")
def test_a_locked_code_does_not_fail_its_neighbours_where_codes_of_another_form_are_ignored(
    given: str, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench("36", "44", "58", R2=given, R4="200", R12=taken) as b:
        deny = b.client.deny_directions

        def locked(codes: Any) -> None:
            if {"strings": "44", "numbers": 44}[taken] in list(codes):
                raise BadRequestError("It is locked.", status_code=400, message="locked")
            deny(codes)

        monkeypatch.setattr(b.client, "deny_directions", locked)
        change = b.close("36", "44", "58")
        assert b.sandbox.open_codes == {"44"}
    assert kinds(change) == {"44": DirectionNotChangedError}
    assert "Written in another form, it was refused (400, «locked»)." in str(change.failures["44"])


def test_a_code_that_the_list_spells_with_a_hyphen_goes_back_as_it_came_or_as_its_number() -> None:
    entry = {"code": "1-242", "name": "Багамы", "english_name": "Bahamas"}
    with bench("36") as b:
        b.sandbox.fail_next(99, "status:200", path=OPEN_LIST, method="GET", body={"directions": {"1-242": entry}})
        assert kinds(b.close("1242")) == {"1242": DirectionNotChangedError}
        sent = [request.body for request in b.sandbox.requests if request.method == "DELETE"]
    assert sent == [{"codes": ["1-242"]}, {"codes": [1242]}]


@pytest.fixture
def of_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Bench, Callable[[Callable[[list[Any]], None]], None]]]:
    """An API that gives texts, takes numbers alone, and refuses 44; and a way to look at what it is sent."""
    with bench("36", "44", "58", "61", R2="string", R12="numbers") as b:
        deny = b.client.deny_directions
        looks: list[Callable[[list[Any]], None]] = []

        def locked(codes: Any) -> None:
            for look in looks:
                look(list(codes))
            if 44 in list(codes) or any(isinstance(code, str) for code in codes):
                raise BadRequestError("It is locked.", status_code=400)
            deny(codes)

        monkeypatch.setattr(b.client, "deny_directions", locked)
        yield b, looks.append


@pytest.mark.usefixtures("fake_time")
def test_a_part_goes_on_to_the_form_that_is_read(of_numbers: Any) -> None:
    b, _ = of_numbers
    change = b.close("36", "44", "58", "61")
    assert b.sandbox.open_codes == {"44"}
    assert kinds(change) == {"44": BadRequestError}


@pytest.mark.usefixtures("fake_time")
def test_what_is_declared_between_two_forms_of_a_part_is_not_closed(of_numbers: Any) -> None:
    b, look_at = of_numbers

    def claim(codes: list[Any]) -> None:
        if len(codes) == 2 and "36" in codes:
            b.claims.claim({"36"})

    look_at(claim)
    change = b.close("36", "44", "58", "61")
    assert b.sandbox.open_codes == {"36", "44"}
    assert set(change.kept) == {"36"}
    assert kinds(change) == {"44": BadRequestError}


def test_what_is_open_by_now_is_not_sent_again_with_a_part() -> None:
    # The good ones of a refused half are taken.
    with bench(R10="good") as b:
        b.sandbox.fail_next(1, "status:200", path=CATALOGUE, body=catalogue_with({EIGHT[0]: "9999"}))
        b.sandbox.fail_next(1, "status:400", method="PUT")
        assert b.open(*EIGHT).failures.keys() == {EIGHT[0]}
        # The whole, the half with the bad one, the bad one, the other half.
        assert b.sandbox.calls("PUT") == 4


def test_what_shows_late_after_the_parts_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "time", time)
    monkeypatch.setattr(delivery_module, "LOOK_PAUSES", (0.02,) * 40)
    with bench(R7="0.2") as b:
        b.sandbox.fail_next(1, "status:400", method="PUT")
        assert b.open("36", "58").failures == {}


def test_a_code_that_was_refused_alone_is_not_sent_again() -> None:
    with bench() as b:
        b.sandbox.fail_next(9, "status:400", method="PUT")
        assert kinds(b.open("36")) == {"36": BadRequestError}
        assert b.sandbox.calls("PUT") == 1


@pytest.mark.parametrize(
    "first, second, error",
    [
        ("ignore", "status:404", DirectionNotChangedError),
        ("status:404", "ignore", DirectionNotChangedError),
        ("status:404", "status:400", BadRequestError),
        ("status:400", "status:403", PermissionDeniedError),
    ],
)
def test_of_two_forms_the_answer_that_says_most_is_told(first: str, second: str, error: type[Exception]) -> None:
    with bench("36", "58") as b:
        b.sandbox.fail_next(1, first, method="DELETE")
        b.sandbox.fail_next(1, second, method="DELETE")
        b.sandbox.fail_next(99, "status:500", method="DELETE")
        change = b.close("36")
        assert kinds(change) == {"36": error}
        assert b.sandbox.calls("DELETE") == 2


def test_nothing_is_sent_any_more_once_a_part_meets_another_error() -> None:
    with bench() as b:
        b.sandbox.fail_next(1, "status:400", method="PUT")
        b.sandbox.fail_next(9999, "status:403", method="PUT")
        change = b.open(*EIGHT)
        assert b.sandbox.calls("PUT") == 2
    assert list(kinds(change).values()) == [PermissionDeniedError] * 4 + [BadRequestError] * 4


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_parts_of_which_nothing_can_be_seen_may_have_been_carried_out(method: str) -> None:
    with bench(*EIGHT * (method == "DELETE")) as b:
        b.sandbox.fail_next(1 + (method == "DELETE"), "status:400", method=method)
        # The list, and the looks after each form of the whole.
        looks = (1 + (method == "DELETE")) * (1 + len(delivery_module.LOOK_PAUSES))
        b.sandbox.fail_next(9999, "status:403", method="GET", path=OPEN_LIST, skip=1 + looks)
        change = b.open(*EIGHT) if method == "PUT" else b.close(*EIGHT)
        assert b.sandbox.open_codes == (set(EIGHT) if method == "PUT" else set())
    if method == "PUT":
        assert change.believed.keys() == set(EIGHT)
    else:
        assert change.unseen == change.failures.keys() == set(EIGHT)


def test_a_home_direction_that_stays_open_fails_alone() -> None:
    with bench("7", "36", "58", R11="always") as b:
        change = b.close("7", "36", "58")
        assert b.sandbox.open_codes == {"7"}
    assert kinds(change) == {"7": DirectionNotChangedError}
    assert "the account's home direction" in str(change.failures["7"])


@pytest.mark.parametrize("r2", ["string", "number"])
@pytest.mark.parametrize("r12", ["loose", "strings", "numbers"])
@pytest.mark.parametrize("r4", ["200", "404", "400"])
def test_a_code_is_closed_in_whichever_form_the_api_compares_it(r2: str, r12: str, r4: str) -> None:
    with bench("36", "58", "7", R2=r2, R12=r12, R4=r4) as b:
        assert b.close("36", "58").failures == {}
        assert b.sandbox.open_codes == {"7"}
        (*_, last) = [request.body for request in b.sandbox.requests if request.method == "DELETE"]
        form = {"strings": str, "numbers": int}.get(r12, {"string": str, "number": int}[r2])
        assert last == {"codes": [form("36"), form("58")]}


# A write that fails, before its effect or after it


FAULTS: dict[str, type[Exception]] = {
    "reset": TransportError,
    "close": TransportError,
    "truncate": TransportError,
    "hang": RequestTimeoutError,
    "status:400": BadRequestError,
    "status:401": AuthenticationError,
    "status:403": PermissionDeniedError,
    "status:429": RateLimitError,
    "status:500": PermissionDeniedError,
    "status:503": ServerError,
    "html:200": UnexpectedResponseError,
    "html:502": ServerError,
    "garbage": UnexpectedResponseError,
    "success-false": UnexpectedResponseError,
    "redirect:http://127.0.0.1:9/": UnexpectedResponseError,
}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("fault, error", FAULTS.items())
def test_a_write_that_failed_before_its_effect_has_failed(fault: str, error: type[Exception], method: str) -> None:
    before = {"PUT": frozenset[str](), "DELETE": frozenset({"36"})}[method]
    with bench(*before, fault=fault) as b:
        b.sandbox.fail_next(100, fault, method=method)
        assert kinds(b.write(method)) == {"36": error}
        assert b.sandbox.open_codes == before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("again", ["success", "refusal"])
def test_a_write_that_failed_after_its_effect_is_done(fault: str, method: str, again: str) -> None:
    after = {"PUT": frozenset({"36"}), "DELETE": frozenset[str]()}[method]
    readings = {"R4": "404", "R5": "400"} if again == "refusal" else {}
    with bench(*frozenset({"36"}) - after, fault=fault, **readings) as b:
        b.sandbox.fail_next(1 if again == "refusal" else 100, f"{fault}:after", method=method)
        change = b.write(method)
        assert (change.failures, change.believed) == ({}, {})
        assert b.sandbox.open_codes == after


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_write_that_is_answered_with_success_and_changes_nothing_has_failed(method: str, fake_time: FakeTime) -> None:
    with bench(*["36"] * (method == "DELETE")) as b:
        b.sandbox.fail_next(100, "ignore")
        change = b.write(method)
    assert kinds(change) == {"36": DirectionNotChangedError}
    told = str(change.failures["36"])
    assert told.startswith(f"{method} was answered with success, but the list of open directions has not changed.")
    # Looked for longer than the two seconds after which a write may show.
    assert sum(fake_time.pauses) > 2


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_refusal_that_an_attempt_before_it_explains_is_waited_out(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "time", time)
    monkeypatch.setattr(delivery_module, "LOOK_PAUSES", (0.02,) * 200)
    with bench(*["36"] * (method == "DELETE"), R4="404", R5="400", R7="0.2") as b:
        b.sandbox.fail_next(1, "reset:after", method=method)
        assert b.write(method).failures == {}


def test_a_shared_code_opens_although_its_second_row_is_refused_as_open_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery_module, "time", time)
    monkeypatch.setattr(delivery_module, "LOOK_PAUSES", (0.02,) * 200)
    with bench(R5="400", R10="good", R7="0.2") as b:
        assert b.open("7").failures == {}
        assert b.sandbox.open_codes == {"7"}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_write_that_shows_late_is_waited_for(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_module, "time", time)
    monkeypatch.setattr(delivery_module, "LOOK_PAUSES", (0.02,) * 200)
    with bench(*["36"] * (method == "DELETE"), R7="0.2") as b:
        assert b.write(method).failures == {}
        assert ("36" in b.live.get()) is (method == "PUT")
        assert b.sandbox.calls(method) == 1


# A list that cannot be read afterwards


@pytest.mark.parametrize("fault", ["status:401", "status:500", "html:200", "reset"])
def test_an_opening_that_was_answered_with_success_counts_though_nobody_can_look(fault: str) -> None:
    with bench() as b:
        b.sandbox.fail_next(100, fault, method="GET", path=OPEN_LIST, skip=1)
        change = b.open("7")
    assert change.failures == {}
    (code, why), *others = change.believed.items()
    assert (code, others) == ("7", [])
    assert str(why).startswith("GET /api/v1/direction at 127.0.0.1: ")


@pytest.mark.parametrize("fault", ["status:401", "html:200", "reset"])
def test_a_closing_does_not_count_where_nobody_can_look(fault: str) -> None:
    with bench("36") as b:
        b.sandbox.fail_next(100, fault, method="GET", path=OPEN_LIST, skip=1)
        change = b.close("36")
    assert list(change.failures) == ["36"]
    assert "GET /api/v1/direction" in str(change.failures["36"])


def test_an_opening_that_failed_and_cannot_be_looked_at_has_failed_with_its_own_error() -> None:
    with bench() as b:
        b.sandbox.fail_next(100, "status:401", method="GET", path=OPEN_LIST, skip=1)
        b.sandbox.fail_next(100, "reset:after", method="PUT")
        assert kinds(b.open("36")) == {"36": TransportError}


def test_nobody_can_look_after_the_second_form_of_a_closing() -> None:
    with bench("36", R12="numbers") as b:
        b.sandbox.fail_next(100, "status:401", method="GET", path=OPEN_LIST, skip=2 + len(delivery_module.LOOK_PAUSES))
        assert kinds(b.close("36")) == {"36": AuthenticationError}


# Claims


def test_a_declared_code_is_left_open() -> None:
    with bench("36", "58") as b:
        b.claims.claim({"36"})
        change = b.close("36", "58")
        assert b.sandbox.open_codes == {"36"}
    assert not change.failures
    assert change.kept == {"36"}


def test_claims_are_tested_when_the_write_is_sent() -> None:
    with bench("36") as b:
        held = Held(b.delivery)
        first = start(lambda: b.open("58"))
        held.await_begin()
        closing = start(lambda: b.close("36"))
        b.told.await_waiters(1)
        b.claims.claim({"36"})
        held.go.set()
        assert came(closing).kept == {"36"}
        came(first)
        assert b.sandbox.calls("DELETE") == 0
        assert b.sandbox.open_codes == {"36", "58"}


def test_a_declared_code_whose_new_owner_failed_stays_in_state() -> None:
    with bench("36") as b:
        b.claims.claim({"36"})
        b.claims.mark({"36"}, failed=True)
        change = b.close("36")
        assert kinds(change) == {"36": DirectionClaimedError}
        assert b.sandbox.open_codes == {"36"}
        b.claims.mark({"36"}, failed=False)
        assert b.close("36").failures == {}


def test_claims_are_remembered_and_failures_forgotten_once_mended() -> None:
    claims = Claims()
    assert (claims.holds("36"), claims.refusal("36") is not None) == (False, False)
    claims.claim({"36"})
    claims.claim({"36"})
    claims.mark({"36"}, failed=True)
    assert (claims.holds("36"), claims.refusal("36") is not None, claims.holds("58")) == (True, True, False)
    claims.mark({"36"}, failed=False)
    claims.mark({"58"}, failed=False)
    assert (claims.holds("36"), claims.refusal("36") is not None) == (True, False)
