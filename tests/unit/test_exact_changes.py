"""Changes that make the list exactly so: alone in their batch, close first, and never against a claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plusofon_pulumi.account.writer import Change
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import (
    DirectionClaimedError,
    DirectionNotChangedError,
    PermissionDeniedError,
    TransportError,
)
from tests.unit.support import FakeTime, came, failed, start
from tests.unit.writer_bench import Bench, Held, bench, kinds

HUNGARY = Direction("36", "Венгрия", "Hungary")


pytestmark = pytest.mark.usefixtures("fake_time")


def exactly(b: Bench, *codes: str) -> Change:
    return b.writer.submit(Change(opens=frozenset(codes), exactly=True))


# One change


def test_what_is_open_and_not_asked_for_is_closed_and_then_the_rest_is_opened() -> None:
    with bench("53", "58") as b:
        change = exactly(b, "36", "58")
        assert b.calls() == ["GET direction", "GET directions", "DELETE direction", "PUT direction", "GET direction"]
        assert b.sandbox.open_codes == {"36", "58"}
    assert (change.failures, change.believed, change.kept, change.done) == ({}, {}, frozenset(), True)


@pytest.mark.parametrize("codes", [[], ["36"], ["36", "58"]])
def test_a_list_that_is_exactly_so_is_not_written(codes: list[str]) -> None:
    with bench(*codes) as b:
        assert exactly(b, *codes).failures == {}
        assert b.calls() == ["GET direction"]


def test_nothing_but_openings_or_closings_is_one_write() -> None:
    with bench("53") as b:
        exactly(b)
        assert b.calls() == ["GET direction", "DELETE direction", "GET direction"]
    with bench() as b:
        exactly(b, "36", "7")
        assert b.calls() == ["GET direction", "GET directions", "PUT direction", "GET direction"]


# In the queue


def test_it_goes_alone_between_what_was_queued_before_and_after_it() -> None:
    with bench("53") as b:
        held = Held(b.delivery)
        queue: list[Callable[[], Change]] = [
            lambda: b.open("33"),
            lambda: b.open("36"),
            lambda: b.close("53"),
            lambda: exactly(b, "58"),
            lambda: b.open("44"),
            lambda: exactly(b, "44", "81"),
            lambda: exactly(b, "81"),
            lambda: b.open("49"),
        ]
        threads = []
        for place, act in enumerate(queue):
            threads.append(start(act))
            if place:
                b.told.await_waiters(1)
            else:
                held.await_begin()
        held.go.set()
        assert [came(thread).failures for thread in threads] == [{}] * len(queue)
        assert held.batches == [
            ([], ["33"]),
            (["53"], ["36"]),
            (["33", "36"], ["58"]),
            ([], ["44"]),
            (["58"], ["81"]),
            (["44"], []),
            ([], ["49"]),
        ]
        assert b.sandbox.open_codes == {"81", "49"}
        assert b.sandbox.max_writes_under_way == 1


def test_only_an_exact_change_waits_with_its_openings_for_its_closings() -> None:
    with bench("53") as b:
        b.sandbox.fail_next(99, "status:403", method="DELETE")
        both = b.writer.submit(Change(opens=frozenset({"36"}), closes=frozenset({"53"})))
        assert kinds(both) == {"53": PermissionDeniedError}
        assert b.sandbox.open_codes == {"36", "53"}
        assert kinds(exactly(b, "58")) == {"36": PermissionDeniedError, "53": PermissionDeniedError}
        assert b.sandbox.open_codes == {"36", "53"}


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_thread_takes_its_change_out_of_the_queue(interrupt: type[BaseException]) -> None:
    with bench("53") as b:
        held = Held(b.delivery)
        first = start(lambda: b.open("58"))
        held.await_begin()
        wait = b.told.wait

        def interrupted(timeout: float | None = None) -> bool:
            b.told.wait = wait  # type: ignore[method-assign]  # only the next thread that waits
            raise interrupt

        b.told.wait = interrupted  # type: ignore[method-assign]
        with pytest.raises(interrupt):
            exactly(b, "36")
        last = start(lambda: b.open("44"))
        b.told.await_waiters(1)
        idle = start(b.writer.wait_until_idle)
        b.told.await_waiters(1)
        assert not idle.done()
        held.go.set()
        came(first)
        came(last)
        came(idle)
        assert held.batches == [([], ["58"]), ([], ["44"])]
        assert b.sandbox.open_codes == {"53", "58", "44"}


def test_a_reader_is_not_left_waiting_for_a_change_that_was_withdrawn_last() -> None:
    with bench() as b:
        held = Held(b.delivery)
        first = start(lambda: b.open("58"))
        held.await_begin()
        wait = b.told.wait

        def interrupted(timeout: float | None = None) -> bool:
            b.told.wait = wait  # type: ignore[method-assign]  # only the next thread that waits
            wait(timeout)
            raise KeyboardInterrupt

        b.told.wait = interrupted  # type: ignore[method-assign]
        second = start(lambda: exactly(b, "36"))
        b.told.await_waiters(1)
        idle = start(b.writer.wait_until_idle)
        b.told.await_waiters(1)
        held.go.set()
        came(first)
        assert type(failed(second)) is KeyboardInterrupt
        came(idle)
        assert b.sandbox.open_codes == {"58"}


def test_a_thread_whose_batch_was_interrupted_in_another_is_told_to_try_again() -> None:
    with bench("53") as b:
        held = Held(b.delivery)
        first = start(lambda: b.open("58"))
        held.await_begin()
        leader = start(lambda: b.open("36"))
        follower = start(lambda: b.open("44"))
        b.told.await_waiters(2)
        held._error = None
        interrupting = Held(b.delivery, KeyboardInterrupt())
        interrupting.go.set()
        held.go.set()
        came(first)
        outcomes = {type(failed(leader)), type(failed(follower))}
        assert outcomes == {KeyboardInterrupt, TransportError}
        b.writer.wait_until_idle()
        assert b.sandbox.open_codes == {"53", "58"}


# Failures


def test_a_code_that_fails_is_told_apart_from_its_neighbours() -> None:
    with bench("7", "53", "58", R11="always") as b:
        change = exactly(b, "36")
        assert b.sandbox.open_codes == {"7", "36"}
    assert kinds(change) == {"7": DirectionNotChangedError}


def test_a_write_that_breaks_off_with_an_unforeseen_error_fails_the_change_as_a_whole() -> None:
    with bench("53") as b:
        held = Held(b.delivery, RuntimeError("a mistake of ours"))
        held.go.set()
        with pytest.raises(RuntimeError, match="a mistake of ours"):
            exactly(b, "36")
        b.writer.wait_until_idle()
        assert exactly(b, "36").failures == {}


def test_a_refused_closing_whose_effect_shows_late_is_no_failure(fake_time: FakeTime) -> None:
    with bench("53") as b:
        b.sandbox.fail_next(1, "status:503:after", method="DELETE")
        b.sandbox.fail_next(99, "reset:after", method="DELETE")
        assert exactly(b, "36").failures == {}
        assert b.sandbox.open_codes == {"36"}


# Claims


def test_nothing_is_written_where_another_resource_declares_what_would_be_closed() -> None:
    with bench("53", "58", "44") as b:
        b.claims.claim({"53", "58", "49"})
        change = exactly(b, "36")
        assert kinds(change) == {"53": DirectionClaimedError, "58": DirectionClaimedError}
        assert change.kept == {"53", "58"}
        assert b.calls() == ["GET direction"]
        assert "add it to `codes`, or remove that resource" in str(change.failures["53"])


def test_what_the_change_itself_opens_may_be_claimed() -> None:
    with bench("36", "53") as b:
        b.claims.claim({"36", "58"})
        assert exactly(b, "36", "58").failures == {}
        assert b.sandbox.open_codes == {"36", "58"}


def test_a_claim_that_comes_while_the_list_is_read_counts() -> None:
    with bench("53", "58") as b:
        read = b.live.get

        def claiming() -> Any:
            b.claims.claim({"53"})
            return read()

        b.live.get = claiming  # type: ignore[method-assign]
        assert kinds(exactly(b, "36")) == {"53": DirectionClaimedError}
        assert b.sandbox.open_codes == {"53", "58"}


def test_a_claim_that_comes_while_a_single_closing_is_about_to_be_sent_counts() -> None:
    with bench("53", "58") as b:
        read = b.live.get

        def claiming() -> Any:
            b.claims.claim({"53"})
            return read()

        b.live.get = claiming  # type: ignore[method-assign]
        change = b.close("53", "58")
        assert (change.failures, change.kept) == ({}, frozenset({"53"}))
        assert b.sandbox.open_codes == {"53"}
