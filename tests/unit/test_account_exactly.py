"""Account's own part in making the list exactly so: one error for all that failed, and who keeps the codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plusofon_pulumi.account import Account
from plusofon_pulumi.account.delivery import Delivery
from plusofon_pulumi.account.summary import notices, one_error
from plusofon_pulumi.account.writer import Change
from plusofon_pulumi.client import OPEN_LIST
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import (
    BadRequestError,
    DirectionClaimedError,
    DirectionNotChangedError,
    PermissionDeniedError,
    PlusofonError,
    TransportError,
    UnknownDirectionError,
)
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.support import IDS, FakeTime, ToldCondition, account_of, error_of, failed, start

HUNGARY = Direction("36", "Венгрия", "Hungary")


pytestmark = pytest.mark.usefixtures("fake_time")


def test_a_failure_names_every_code_and_groups_them_by_what_went_wrong() -> None:
    with Sandbox(open=["53", "998", "7"]) as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(99, "ignore")
        error = error_of(lambda: account.make_exactly(frozenset({"36", "58", "7"})))
    assert isinstance(error, DirectionNotChangedError)
    opened, closed = str(error).split("; 53")
    assert opened.startswith("36 (Hungary), 58 (Venezuela) were not opened: PUT was answered with success, but")
    assert closed.startswith(" (Cuba), 998 (Uzbekistan) were not closed: DELETE was answered with success, but")


def test_one_code_that_fails_is_told_in_the_singular() -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(99, "status:400", method="PUT")
        error = error_of(lambda: account.make_exactly(frozenset({"36"})))
    assert isinstance(error, BadRequestError)
    assert str(error).startswith("36 (Hungary) was not opened: PUT /api/v1/direction at 127.0.0.1: the answer is 400")


def test_a_list_that_cannot_be_read_fails_the_whole_and_names_no_code() -> None:
    with Sandbox(open=["53"]) as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(99, "status:403", method="GET", path=OPEN_LIST)
        error = error_of(lambda: account.make_exactly(frozenset({"36"})))
        assert str(error).startswith("The open directions were not changed: GET /api/v1/direction")
        assert isinstance(error, PermissionDeniedError)
        assert sandbox.calls("PUT") == sandbox.calls("DELETE") == 0


@pytest.mark.parametrize("fault", ["status:403", "ignore"])
def test_declared_codes_keep_their_owners_until_the_list_was_made(fault: str) -> None:
    with Sandbox(open=["36", "53"]) as sandbox:
        account = account_of(sandbox)
        account.claims.claim({"36"})
        sandbox.fail_next(99, fault, method="DELETE")
        error_of(lambda: account.make_exactly(frozenset({"36"})))
        assert isinstance(error_of(lambda: account.close([HUNGARY])), DirectionClaimedError)
        sandbox.clear_faults()
        assert account.make_exactly(frozenset({"36"})) == []
        assert account.close([HUNGARY]) == [HUNGARY]
        assert sandbox.open_codes == {"36"}


def test_declared_codes_keep_their_owners_where_the_making_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(open=["36", "53"]) as sandbox:
        account = account_of(sandbox)
        account.claims.claim({"36"})

        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(account._writer._delivery, "make", interrupted)
        with pytest.raises(KeyboardInterrupt):
            account.make_exactly(frozenset({"36"}))
        assert isinstance(error_of(lambda: account.close([HUNGARY])), DirectionClaimedError)


def opened_during(patch: pytest.MonkeyPatch, account: Account, sandbox: Sandbox, *codes: str) -> None:
    """Let somebody open a code during each of the first writes."""
    client = account._writer._delivery._client
    left = [*codes]

    def during(send: Callable[[Any], None]) -> Callable[[Any], None]:
        def sent(values: Any) -> None:
            send(values)
            if left:
                sandbox.set_open(sandbox.open_codes | {left.pop(0)})

        return sent

    for name in ("allow_directions", "deny_directions"):
        patch.setattr(client, name, during(getattr(client, name)))


@pytest.mark.parametrize("codes", [{"36"}, set()])
def test_a_code_that_is_opened_during_the_write_is_closed_too(codes: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(open=codes ^ {"36"}) as sandbox:
        account = account_of(sandbox)
        opened_during(monkeypatch, account, sandbox, "53")
        assert account.make_exactly(frozenset(codes)) == []
        assert sandbox.open_codes == codes
        assert sandbox.calls("PUT") + sandbox.calls("DELETE") == 2


@pytest.mark.parametrize("codes", [{"36"}, set()])
def test_a_code_that_is_opened_during_each_write_is_told(codes: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(open=codes ^ {"36"}) as sandbox:
        account = account_of(sandbox)
        opened_during(monkeypatch, account, sandbox, "53", "58")
        error = error_of(lambda: account.make_exactly(frozenset(codes)))
    assert type(error) is DirectionNotChangedError
    assert str(error).startswith("58 (Venezuela) was not closed: it was opened meanwhile, by somebody or by Plusofon.")


def test_a_declared_code_that_is_opened_during_the_write_is_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        opened_during(monkeypatch, account, sandbox, "53")
        send = account._writer._delivery._client.allow_directions

        def sent(values: Any) -> None:
            send(values)
            account.claims.claim({"53"})

        monkeypatch.setattr(account._writer._delivery._client, "allow_directions", sent)
        error = error_of(lambda: account.make_exactly(frozenset({"36"})))
        assert sandbox.open_codes == {"36", "53"}
    assert type(error) is DirectionClaimedError
    assert str(error).startswith("53 (Cuba) was not closed: an AllowedDirection of this program declares the code")


def test_of_several_codes_with_long_names_a_message_tells_the_beginnings() -> None:
    failures: dict[str, PlusofonError] = dict.fromkeys(("1", "36"), UnknownDirectionError("no"))
    change = Change(opens=frozenset(failures))
    told = str(one_error(change, failures, lambda code: f"{code} ({'Barbados, ' * 9}Canada)"))
    assert told.startswith("1 (Barbados, ")
    assert "…), 36 (Barbados, " in told
    assert "Canada" not in told
    alone = one_error(change, {"1": failures["1"]}, lambda code: f"{code} ({'Barbados, ' * 9}Canada)")
    assert "Canada) was not opened" in str(alone)


def test_of_many_codes_that_fail_a_message_names_a_few(fake_time: FakeTime) -> None:
    every = sorted(IDS)
    with Sandbox(open=every) as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(999, "status:403", method="DELETE")
        told = str(error_of(lambda: account.make_exactly(frozenset())))
    assert f" and {len(every) - 5} more were not closed: DELETE /api/v1/direction" in told
    assert len(told) < 1500
    assert fake_time.pauses


def test_of_many_reasons_a_message_tells_a_few() -> None:
    codes = ["36", "44", "53", "58"]
    failures = {code: UnknownDirectionError(f"no {code}") for code in codes}
    told = one_error(Change(opens=frozenset(codes)), failures, str)
    assert type(told) is UnknownDirectionError
    assert str(told) == (
        "36 was not opened: no 36; 44 was not opened: no 44; 53 was not opened: no 53; 1 more failed in other ways"
    )


def test_what_may_be_so_is_told_before_what_is_not_and_is_never_among_the_rest() -> None:
    failures = {code: UnknownDirectionError(f"no {code}") for code in ("1", "2", "3", "36", "58")}
    change = Change(opens=frozenset(failures), unseen={"36", "58"})
    failures |= dict.fromkeys(("36", "58"), UnknownDirectionError("no answer"))
    assert str(one_error(change, failures, str)) == (
        "36, 58 may not have been opened: no answer; 1 was not opened: no 1; 2 was not opened: no 2; "
        "1 more failed in other ways"
    )


def test_whoever_waits_for_an_interrupted_write_is_told_that_it_may_have_been_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Delivery, "_settle", interrupted)
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        account.direction("36")
        writer, told = account._writer, ToldCondition()
        writer._turn, writer._sending = told, True
        both = [start(lambda: account.open("36")), start(lambda: account.open("58"))]
        # Both are in the queue: whoever leads sends them as one batch.
        told.await_waiters(2)
        with told:
            writer._sending = False
            told.notify_all()
        leader, waiter = sorted(map(failed, both), key=lambda error: isinstance(error, TransportError))
        assert type(leader) is KeyboardInterrupt
        assert str(waiter).endswith("may not have been opened: the write was interrupted: run `pulumi up` again")
        assert sandbox.open_codes == {"36", "58"}


def test_notices_tell_each_reason_apart() -> None:
    change = Change(opens=frozenset({"36", "58"}))
    change.believed = {code: UnknownDirectionError(f"no {code}") for code in ("36", "58")}
    said = "Plusofon answered that {0} was opened, but its list could not be read: no {0}"
    assert notices(change, str) == [said.format("36"), said.format("58")]


def test_notices_of_openings_that_nobody_could_look_at_are_returned() -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(99, "status:401", method="GET", path=OPEN_LIST, skip=1)
        notices = account.make_exactly(frozenset({"36", "58"}))
    assert [notice[:66] for notice in notices] == ["Plusofon answered that 36 (Hungary), 58 (Venezuela) were opened, b"]
