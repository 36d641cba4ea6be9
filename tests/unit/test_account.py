"""Account: what callers see of an account, the same under every reading of the API's description."""

from __future__ import annotations

import pickle
import time

import pytest

from plusofon_pulumi.account import Account
from plusofon_pulumi.account import delivery as delivery_module
from plusofon_pulumi.account import shared as shared_module
from plusofon_pulumi.client import CATALOGUE, OPEN_LIST, transport
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import (
    AuthenticationError,
    DirectionClaimedError,
    DirectionNotChangedError,
    PermissionDeniedError,
    ServerError,
    UnexpectedResponseError,
    UnknownDirectionError,
)
from plusofon_pulumi.sandbox import READINGS, Sandbox
from tests.unit.support import (
    MANY_CODES,
    READINGS_TO_TRY,
    FakeTime,
    ToldCondition,
    account_of,
    came,
    error_of,
    settings_of,
    start,
)
from tests.unit.writer_bench import Held
from tests.waiting import until

HUNGARY = Direction("36", "Венгрия", "Hungary")
VENEZUELA = Direction("58", "Венесуэла", "Venezuela")
SEVEN = Direction("7", "Казахстан, Россия", "Kazakhstan, Russia")


pytestmark = pytest.mark.usefixtures("fake_time")


# The life of a direction under every reading


@pytest.mark.parametrize("readings", READINGS_TO_TRY, ids=lambda r: " ".join(map("=".join, r.items())))
def test_the_life_of_a_direction_is_the_same_under_every_reading(
    readings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "time", time)
    monkeypatch.setattr(delivery_module, "LOOK_PAUSES", (0.03,) * 20)
    home = {"7"} if readings.get("R11") == "always" else set[str]()
    with Sandbox(readings=readings) as sandbox:
        account = account_of(sandbox)
        assert account.open_directions().keys() == home
        assert account.open("36") == (HUNGARY, [])
        assert account.open("36") == (HUNGARY, [])
        assert account.open_directions()["36"] == HUNGARY
        assert account.open("7") == (SEVEN, [])
        assert account.open_directions().keys() == {"36", "7"}
        assert account.close([HUNGARY]) == []
        assert account.close([HUNGARY]) == []
        assert account.open_directions().keys() == {"7"}
        assert sandbox.open_codes == {"7"}
        assert sandbox.max_writes_under_way == 1
        if home:
            assert isinstance(error_of(lambda: account.close([SEVEN])), DirectionNotChangedError)
        else:
            assert account.close([SEVEN]) == []
        assert account.open_directions().keys() == home


@pytest.mark.parametrize("pages", ["whole", "data", "directions", "nested", "meta", "beside"])
def test_a_code_on_page_two_is_open(pages: str) -> None:
    with Sandbox(open=MANY_CODES, readings={"R14": pages}) as sandbox:
        account = account_of(sandbox)
        assert list(account.open_directions()) == MANY_CODES
        assert account.open(MANY_CODES[20])[1] == []
        assert sandbox.calls("PUT") == 0


def test_a_list_that_goes_on_elsewhere_is_an_error_and_nothing_is_closed_or_opened() -> None:
    with Sandbox(open=MANY_CODES, readings={"R14": "foreign"}) as sandbox:
        account = account_of(sandbox)
        direction = Direction(MANY_CODES[20], "", "")
        for act in (account.open_directions, lambda: account.open("36"), lambda: account.close([direction])):
            assert isinstance(error_of(act), UnexpectedResponseError)
        assert sandbox.calls("PUT") + sandbox.calls("DELETE") == 0


@pytest.mark.parametrize("status", READINGS["R9"].values)
def test_a_refused_token_is_an_error_in_every_act(status: str) -> None:
    with Sandbox(open=["36"], readings={"R9": status}) as sandbox:
        account = Account(type(settings_of(sandbox))("stale", base_url=sandbox.url))
        acts = [
            account.open_directions,
            lambda: account.direction("36"),
            lambda: account.search("Hungary"),
            lambda: account.open("58"),
            lambda: account.close([HUNGARY]),
        ]
        for act in acts:
            assert "Check the token" in str(error_of(act))
        assert sandbox.calls("PUT") + sandbox.calls("DELETE") == 0


# Calls


def test_opening_one_code_takes_four_calls() -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        account.open("36")
        seen = sorted((request.method, request.path) for request in sandbox.requests)
        assert seen == [("GET", OPEN_LIST), ("GET", OPEN_LIST), ("GET", CATALOGUE), ("PUT", OPEN_LIST)]


def test_the_catalogue_is_fetched_once_and_the_list_once_while_it_is_fresh(
    monkeypatch: pytest.MonkeyPatch, fake_time: FakeTime
) -> None:
    with Sandbox(open=["36"]) as sandbox:
        account = account_of(sandbox)
        monkeypatch.setattr(shared_module, "time", fake_time)
        for _ in range(3):
            account.open_directions()
            account.direction("36")
            account.search("Hungary")
            account.open("36")
        assert (sandbox.calls("GET", OPEN_LIST), sandbox.calls("GET", CATALOGUE)) == (1, 1)
        fake_time.now += shared_module.MAX_AGE
        account.open_directions()
        account.direction("36")
        assert (sandbox.calls("GET", OPEN_LIST), sandbox.calls("GET", CATALOGUE)) == (2, 1)


def test_many_threads_read_with_one_call(monkeypatch: pytest.MonkeyPatch, fake_time: FakeTime) -> None:
    monkeypatch.setattr(shared_module, "time", fake_time)
    with Sandbox(open=["36"]) as sandbox:
        sandbox.latency = 0.1
        account = account_of(sandbox)
        readers = [start(account.open_directions) for _ in range(16)]
        assert [sorted(came(reader).keys()) for reader in readers] == [["36"]] * 16
        assert sandbox.calls() == 1


def test_many_threads_open_with_few_writes_and_never_two_at_once() -> None:
    with Sandbox(open=["53"]) as sandbox:
        account = account_of(sandbox)
        held = Held(account._writer._delivery)
        threads = [start(lambda code=code: account.open(code)) for code in MANY_CODES[:12]]  # type: ignore[misc]
        until(lambda: len(account._writer._queue) + len(account._writer._under_way) == 12)
        held.go.set()
        assert [came(thread)[0].code for thread in threads] == MANY_CODES[:12]
        assert sandbox.open_codes == {"53", *MANY_CODES[:12]}
        assert sandbox.max_writes_under_way == 1
        assert sandbox.calls("PUT") <= 2


def test_a_read_that_starts_while_a_write_is_under_way_waits_for_it() -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        account.direction("36")
        assert account.open_directions() == {}
        told = ToldCondition()
        account._writer._turn = told
        gate, reached = ToldCondition(), ToldCondition()
        make = account._writer._delivery.make
        released: list[bool] = []

        def held(*arguments: object, **more: object) -> object:
            with reached:
                reached.notify_all()
            with gate:
                gate.wait_for(lambda: released)
            return make(*arguments, **more)  # type: ignore[arg-type]

        account._writer._delivery.make = held  # type: ignore[method-assign, assignment]
        writer = start(lambda: account.open("36"))
        gate.await_waiters(1)
        reader = start(account.open_directions)
        told.await_waiters(1)
        assert not reader.done()
        with gate:
            released.append(True)
            gate.notify_all()
        assert came(reader).keys() == {"36"}
        assert came(writer) == (HUNGARY, [])


# The catalogue


def test_a_direction_has_the_names_of_all_that_share_its_code() -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        assert account.direction("7") == SEVEN
        assert account.direction("36") == HUNGARY


@pytest.mark.parametrize(
    "code, told",
    [
        ("3", "calling code 3; the nearest: 30 (Greece), 31 (Netherlands), 32 (Belgium)"),
        ("369", "calling code 369; the nearest: 36 (Hungary), "),
    ],
)
def test_an_unknown_code_is_told_with_the_nearest(code: str, told: str) -> None:
    with Sandbox() as sandbox:
        error = error_of(lambda: account_of(sandbox).direction(code))
    assert isinstance(error, UnknownDirectionError)
    assert f"Plusofon's catalogue has no direction with the {told}" in str(error)


def test_an_unknown_code_without_a_near_one_is_told_alone() -> None:
    with Sandbox() as sandbox:
        body = {"directions": [{"id": 1, "code": 36, "name": "Венгрия", "english_name": "Hungary"}]}
        sandbox.fail_next(fault="status:200", path=CATALOGUE, body=body)
        error = error_of(lambda: account_of(sandbox).direction("99"))
    assert str(error) == "Plusofon's catalogue has no direction with the calling code 99"


def test_a_name_is_searched_in_both_languages() -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        assert [row.code for row in account.search("hungary")] == ["36"]
        assert [row.code for row in account.search("Венгрия")] == ["36"]
        assert account.search("Atlantis") == []


def test_what_is_known_of_a_code_is_told_without_a_call() -> None:
    with Sandbox(open=["58"]) as sandbox:
        account = account_of(sandbox)
        assert account.describe("58") == Direction("58", "", "")
        account.open_directions()
        assert account.describe("58") == VENEZUELA
        assert account.describe("36") == Direction("36", "", "")
        account.direction("58")
        assert account.describe("36") == HUNGARY
        assert account.describe("999999") == Direction("999999", "", "")
        assert sandbox.calls() == 2


# Failures


def test_a_failure_tells_what_was_not_done_and_to_which_direction() -> None:
    with Sandbox(open=["58"]) as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(100, "status:403", method="PUT")
        sandbox.fail_next(100, "status:403", method="DELETE")
        opening, closing = error_of(lambda: account.open("36")), error_of(lambda: account.close([VENEZUELA]))
    assert str(opening).startswith("36 (Hungary) was not opened: PUT /api/v1/direction at 127.0.0.1: the answer is 403")
    assert str(closing).startswith("58 (Venezuela) was not closed: DELETE /api/v1/direction at 127.0.0.1: the answer")
    for error in (opening, closing):
        assert isinstance(error, PermissionDeniedError)
        assert error.status_code == 403
        assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  # our own


def test_a_code_that_the_catalogue_lacks_is_not_opened() -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        error = error_of(lambda: account.open("999999"))
        assert isinstance(error, UnknownDirectionError)
        assert str(error).startswith("999999 was not opened: Plusofon's catalogue has no direction")
        assert sandbox.calls("PUT") == 0
        assert account.claims.refusal("999999") is not None


def test_an_opening_that_nobody_could_look_at_comes_with_a_notice() -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(100, "status:500", method="GET", path=OPEN_LIST, skip=1)
        direction, notices = account.open("36")
        assert direction == HUNGARY
        assert not (account.claims.refusal("36") is not None)
    (notice,) = notices
    assert "Plusofon answered that 36 (Hungary) was opened, but its list could not be read" in notice


def test_a_closing_that_nobody_could_look_at_has_failed() -> None:
    with Sandbox(open=["36"]) as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(100, "status:401", method="GET", path=OPEN_LIST, skip=1)
        assert isinstance(error_of(lambda: account.close([HUNGARY])), AuthenticationError)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_proxy_that_drops_bodies_is_found_out(method: str) -> None:
    with Sandbox(open=["58"]) as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(100, "ignore")
        act = (lambda: account.open("36")) if method == "PUT" else lambda: account.close([VENEZUELA])
        error = error_of(act)
        assert sandbox.open_codes == {"58"}
    assert isinstance(error, DirectionNotChangedError)
    assert "the list of open directions has not changed" in str(error)


def test_a_service_that_is_down_is_asked_once_by_many() -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        sandbox.fail_next(100, "status:503")
        for _ in range(5):
            assert isinstance(error_of(account.open_directions), ServerError)
        assert sandbox.calls() == transport.ATTEMPTS


# Claims


def test_a_declared_code_is_kept_open_and_told() -> None:
    with Sandbox(open=["36", "58"]) as sandbox:
        account = account_of(sandbox)
        account.claims.claim({"36"})
        assert account.close([HUNGARY, VENEZUELA]) == [HUNGARY]
        assert sandbox.open_codes == {"36"}


@pytest.mark.parametrize("fault", ["status:403", "ignore", "garbage"])
def test_a_declared_code_whose_creation_failed_keeps_its_owner_until_that_is_mended(fault: str) -> None:
    with Sandbox() as sandbox:
        account = account_of(sandbox)
        account.claims.claim({"36"})
        sandbox.fail_next(100, fault, method="PUT")
        error_of(lambda: account.open("36"))
        assert account.claims.refusal("36") is not None
        error = error_of(lambda: account.close([HUNGARY]))
        assert isinstance(error, DirectionClaimedError)
        assert str(error).startswith("36 (Hungary) was not closed: the program declares the code in another resource")
        sandbox.clear_faults()
        account.open("36")
        assert account.close([HUNGARY]) == [HUNGARY]
        assert sandbox.open_codes == {"36"}


def test_a_code_that_nobody_declares_is_closed() -> None:
    with Sandbox(open=["36"]) as sandbox:
        account = account_of(sandbox)
        account.claims.claim({"58"})
        assert account.close([HUNGARY]) == []
        assert sandbox.open_codes == frozenset()
