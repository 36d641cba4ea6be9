"""Account's own part in making the list exactly so: one error for all that failed, and who keeps the codes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plusofon_pulumi.client import OPEN_LIST
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import (
    BadRequestError,
    DirectionClaimedError,
    DirectionNotChangedError,
    PermissionDeniedError,
    PlusofonError,
)
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.support import account_of

HUNGARY = Direction("36", "Венгрия", "Hungary")


pytestmark = pytest.mark.usefixtures("fake_time")


def error_of(act: Callable[[], object]) -> PlusofonError:
    with pytest.raises(PlusofonError) as caught:
        act()
    return caught.value


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


def test_notices_of_openings_that_nobody_could_look_at_are_returned() -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(99, "status:401", method="GET", path=OPEN_LIST, skip=1)
        notices = account.make_exactly(frozenset({"36", "58"}))
    assert [notice[:39] for notice in notices] == [
        "Plusofon answered that 36 (Hungary) was",
        "Plusofon answered that 58 (Venezuela) w",
    ]
