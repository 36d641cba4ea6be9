"""Single codes: what is open after a write, and what is said of it, whatever the API answers and somebody does meanwhile."""

from __future__ import annotations

import pytest

from plusofon_pulumi.account import delivery
from plusofon_pulumi.client import CATALOGUE, OPEN_LIST
from plusofon_pulumi.errors import (
    AuthenticationError,
    BadRequestError,
    CloseOnlyError,
    DirectionClaimedError,
    DirectionNotChangedError,
    PermissionDeniedError,
    PlusofonError,
    ServerError,
    UnexpectedResponseError,
    UnknownDirectionError,
)
from plusofon_pulumi.sandbox import READINGS, Sandbox
from plusofon_pulumi.settings import Settings
from tests.unit.support import (
    ALL_CODES,
    IDS,
    MANY_CODES,
    READINGS_TO_TRY,
    FakeTime,
    Process,
    calls,
    error_of,
    writes,
)

VANISHED = "was open before this write and is not any more: does PUT replace the list, or did somebody close it?"
SEVEN = "7 (Kazakhstan, Russia)"

pytestmark = pytest.mark.usefixtures("fake_time")


# What is written


@pytest.mark.parametrize("readings", READINGS_TO_TRY, ids=lambda r: " ".join(map("=".join, r.items())))
def test_the_life_of_codes_is_the_same_under_every_reading(readings: dict[str, str]) -> None:
    home = {"7"} if readings.get("R11") == "always" else set[str]()
    with Sandbox() as sandbox:
        sandbox.set_readings(readings)
        process = Process(sandbox)
        assert process.account.open_directions().keys() == home
        for code in ("36", "36", "7", "44"):
            assert process.open(code).code == code
        assert process.account.open_directions().keys() == {"7", "36", "44"}
        process.close("36", "44")
        process.close("36")
        assert process.account.open_directions().keys() == sandbox.open_codes == {"7"}
        process.exactly("53", *home)
        process.exactly("53", "7", "972")
        assert process.account.open_directions().keys() == sandbox.open_codes == {"7", "53", "972"}
        if home:
            error = error_of(lambda: process.close("7"))
            assert f"{SEVEN} was not closed: DELETE was answered with success" in str(error)
            assert "If it is the account's home direction, Plusofon keeps it open: declare it" in str(error)
        else:
            process.close("7")
        process.close("53", "972")
        assert process.account.open_directions().keys() == sandbox.open_codes == home
        assert sandbox.max_writes_under_way == 1


def test_one_code_costs_one_write_and_one_look_and_nothing_to_do_costs_none(process: Process) -> None:
    sandbox = process.sandbox
    process.open("7")
    assert writes(sandbox) == [("PUT", ["7"])]
    assert sorted(sandbox.requests[2].body["direction_ids"]) == sorted(IDS["7"]), "all ids of a shared code"
    assert calls(sandbox) == ["catalogue", "GET", "PUT", "GET"]
    process.open("7")
    process.close("36")
    assert calls(sandbox) == []
    process.close("7")
    assert calls(sandbox) == ["DELETE", "GET"]
    assert process.lines == [f"opened {SEVEN}", f"closed {SEVEN}"]


def test_openings_and_closings_of_one_batch_do_not_wait_for_each_other(process: Process) -> None:
    process.sandbox.set_open(["53"])
    process.account.direction("36")
    process.sandbox.clear_requests()
    assert process.together(lambda: process.open("36"), lambda: process.close("53")) == [None, None]
    assert calls(process.sandbox) == ["GET", "DELETE", "PUT", "GET"]
    assert sorted(process.lines) == ["closed 53 (Cuba)", "opened 36 (Hungary)"]


@pytest.mark.parametrize("pages", ["data", "directions", "nested", "meta", "beside"])
def test_a_code_on_page_two_is_open(process: Process, pages: str) -> None:
    process.sandbox.set_open(MANY_CODES)
    process.sandbox.set_readings({"R14": pages})
    assert list(process.account.open_directions()) == MANY_CODES
    process.open(MANY_CODES[20])
    assert writes(process.sandbox) == []


# What cannot be read


@pytest.mark.parametrize(
    "fault, kind",
    [
        ("status:401", AuthenticationError),
        ("status:403", PermissionDeniedError),
        ("status:500", PermissionDeniedError),
        ("status:503", ServerError),
        ("html:200", UnexpectedResponseError),
        ("success-false", UnexpectedResponseError),
        ("truncate", PlusofonError),
    ],
)
def test_an_error_is_never_an_empty_list_and_nothing_is_written(
    process: Process, fault: str, kind: type[PlusofonError]
) -> None:
    process.sandbox.set_open(["36"])
    process.account.direction("58")
    for act, told in [
        (process.account.open_directions, "GET "),
        (lambda: process.open("58"), "58 (Venezuela) was not opened: GET "),
        (lambda: process.close("36", "44"), "36 (Hungary), 44 (United Kingdom"),
        (lambda: process.exactly("58"), "the open directions were not changed: GET "),
    ]:
        process.sandbox.fail_next(9, fault, path=OPEN_LIST)
        process.account._live.invalidate()
        error = error_of(act)
        assert isinstance(error, kind)
        assert str(error).startswith(told)
        process.sandbox.clear_faults()
    assert writes(process.sandbox) == process.lines == []


def test_a_list_that_goes_on_elsewhere_is_an_error(process: Process) -> None:
    process.sandbox.set_open(MANY_CODES)
    process.sandbox.set_readings({"R14": "cursor"})
    for act in (lambda: process.open("36"), lambda: process.close("36"), lambda: process.exactly("36")):
        assert isinstance(error_of(act), UnexpectedResponseError)
    assert writes(process.sandbox) == []


@pytest.mark.parametrize("status", READINGS["R9"].values)
def test_a_refused_token_is_an_error_that_says_which_token(sandbox: Sandbox, status: str) -> None:
    sandbox.set_readings({"R9": status})
    process = Process(sandbox)
    process.account = type(process.account)(
        Settings("stale", base_url=sandbox.url, sources={"token": "PLUSOFON_TOKEN"})
    )
    for act in (process.account.open_directions, lambda: process.open("36"), lambda: process.close("36")):
        assert "PLUSOFON_TOKEN" in str(error_of(act))
        assert "stale" not in str(error_of(act))


# What a write did is seen in the list, not in its answer


@pytest.mark.parametrize("fault", ["status:503:after", "reset:after", "html:200:after", "success-false:after"])
def test_a_write_that_took_effect_is_a_success_whatever_it_answered(process: Process, fault: str) -> None:
    process.sandbox.set_open(["53"])
    process.sandbox.fail_next(9, fault, method="PUT")
    process.sandbox.fail_next(9, fault, method="DELETE")
    process.open("36")
    process.close("53")
    assert process.lines == ["opened 36 (Hungary)", "closed 53 (Cuba)"]


def test_a_write_that_changes_nothing_is_a_failure_after_all_looks(process: Process, fake_time: FakeTime) -> None:
    process.sandbox.set_open(["53"])
    process.sandbox.fail_next(9, "ignore")
    changed = "was answered with success, but the list of open directions has not changed. "
    proxy = "omething on the way, such as a proxy, may drop the content of requests."
    error = error_of(lambda: process.open("36"))
    assert isinstance(error, DirectionNotChangedError)
    assert str(error) == f"36 (Hungary) was not opened: PUT {changed}S{proxy}"
    assert fake_time.pauses == list(delivery.LOOK_PAUSES)
    assert str(error_of(lambda: process.close("53"))).startswith(f"53 (Cuba) was not closed: DELETE {changed}If it is")
    assert writes(process.sandbox)[1:] == [("DELETE", ["53"]), ("DELETE", [53])], "once more in the other type"


def test_an_opening_that_nobody_can_see_is_believed_with_a_message_and_a_closing_is_not(process: Process) -> None:
    process.sandbox.set_open(["53", "44"])
    process.account.open_directions()
    process.sandbox.fail_next(9, "status:403", method="GET", path=OPEN_LIST)
    opening, closing = process.together(lambda: process.open("36"), lambda: process.close("53", "44"))
    assert opening is None
    assert isinstance(closing, PermissionDeniedError)
    assert str(closing).startswith("44 (United Kingdom")
    assert ", 53 (Cuba) may not have been closed: GET " in str(closing)
    assert "opened 36 (Hungary)" in process.lines
    told = "Plusofon answered that 36 (Hungary) opened, but its list could not be read: GET "
    assert any(line.startswith(told) for line in process.lines)
    assert process.account.claims.refusal("36") is None


def test_an_opening_that_was_refused_and_that_nobody_can_see_has_failed(process: Process) -> None:
    process.sandbox.fail_next(1, "status:400", method="PUT")
    process.sandbox.fail_next(9, "status:403", method="GET", path=OPEN_LIST, skip=1)
    error = error_of(lambda: process.open("36"))
    assert isinstance(error, BadRequestError)
    assert str(error).startswith("36 (Hungary) may not have been opened: PUT ")


# What else vanishes with a write


def test_what_the_program_declares_and_somebody_closed_is_opened_again_once_and_alone(process: Process) -> None:
    process.sandbox.set_open(["7", "44"])
    process.claim("7", "36")
    process.sandbox.owner_acts(closes=["7"])
    process.open("36")
    assert process.sandbox.open_codes == {"7", "36", "44"}
    assert writes(process.sandbox) == [("PUT", ["36"]), ("PUT", ["7"])]
    assert process.lines[0] == "opened 36 (Hungary)"
    assert process.lines[1].startswith(f"opened {SEVEN} again: ")


@pytest.mark.parametrize("claimed, lost", [(["7"], SEVEN), ([], "36 (Hungary)")], ids=["another's", "its own"])
def test_a_put_that_replaces_the_list_fails_every_change_and_names_what_vanished(
    process: Process, claimed: list[str], lost: str
) -> None:
    process.sandbox.set_open(["7", "53"])
    process.sandbox.set_readings({"R15": "replaces"})
    process.claim("7", "36", "49")
    # Mended, it takes away what was opened before.
    acts = (lambda: process.open("36"), lambda: process.open("49"), lambda: process.close("53"))
    errors = process.together(*acts)
    for error, done in zip(
        errors, ["36 (Hungary) was opened", "49 (Germany) was opened", "53 (Cuba) was closed"], strict=True
    ):
        assert isinstance(error, DirectionNotChangedError)
        assert str(error).startswith(f"{done}, but 36 (Hungary), 49 (Germany) {VANISHED}")
    assert process.account.claims.refusal("36") is not None
    assert process.lines == []


def test_what_vanishes_again_after_it_was_mended_fails_the_change(process: Process) -> None:
    process.sandbox.set_open(["7"])
    process.claim("7")
    process.sandbox.owner_acts(closes=["7"])
    process.sandbox.owner_acts(closes=["7"], n=2)
    error = error_of(lambda: process.open("36"))
    assert str(error).startswith(f"36 (Hungary) was opened, but {SEVEN} {VANISHED}")
    assert process.sandbox.calls("PUT") == 2


def test_what_this_batch_closed_and_somebody_opened_while_it_was_mended_fails_it(process: Process) -> None:
    process.sandbox.set_open(["7", "53"])
    process.claim("7")
    process.sandbox.owner_acts(closes=["7"], method="DELETE")
    process.sandbox.owner_acts(opens=["53"])
    assert "53 (Cuba)" in str(error_of(lambda: process.close("53")))


def test_a_mend_that_nobody_can_see_fails_the_change(process: Process) -> None:
    process.sandbox.set_open(["7"])
    process.claim("7")
    process.sandbox.owner_acts(closes=["7"])
    process.sandbox.fail_next(9, "status:403", method="GET", path=OPEN_LIST, skip=2)
    text = str(error_of(lambda: process.open("36")))
    assert text.startswith("36 (Hungary) was opened, but ")
    assert f"{SEVEN} was open before this write and is not any more" in text
    assert "GET http" in text


def test_a_stranger_s_code_that_vanishes_is_one_line_without_waiting_or_mending(
    process: Process, fake_time: FakeTime
) -> None:
    process.sandbox.set_open(["7", "44", "53"])
    process.claim("36")
    process.sandbox.owner_acts(closes=["7", "53"])
    process.open("36")
    assert process.lines == ["opened 36 (Hungary)", f"{SEVEN}, 53 (Cuba) closed meanwhile, and not by this run"]
    assert fake_time.pauses == []
    assert process.sandbox.calls("PUT") == 1


def test_a_declared_code_that_the_catalogue_has_dropped_and_that_vanishes_is_named(process: Process) -> None:
    process.sandbox.set_open(["999", "53"])
    process.claim("999")
    process.sandbox.owner_acts(closes=["999"], method="DELETE")
    assert str(error_of(lambda: process.close("53"))).startswith(
        f"53 (Cuba) was closed, but 999 (Direction 999) {VANISHED}"
    )


# Refused batches


@pytest.mark.parametrize("status", ["400", "404", "422"])
def test_one_bad_code_does_not_fail_its_neighbours(process: Process, fake_time: FakeTime, status: str) -> None:
    process.sandbox.set_open(ALL_CODES[:20])
    process.sandbox.fail_next(1, f"status:{status}", method="DELETE")
    process.sandbox.fail_next(1, f"status:{status}", method="DELETE")
    process.close(*ALL_CODES[:20])
    assert process.sandbox.open_codes == set()
    assert calls(process.sandbox) == ["GET", "DELETE", "DELETE", "GET", "DELETE", "DELETE", "GET", "catalogue"]
    assert fake_time.pauses == []


def test_a_code_whose_id_is_unknown_is_found_by_halves_and_fails_alone(process: Process) -> None:
    codes = ALL_CODES[:16]
    process.account.direction("36")  # the catalogue, which the sandbox then changes
    process.sandbox._by_id = {id_: row for id_, row in process.sandbox._by_id.items() if row.code != codes[5]}
    error = error_of(lambda: process.exactly(*codes))
    assert str(error).startswith(f"{codes[5]} ")
    assert " was not opened: PUT " in str(error)
    assert process.sandbox.open_codes == {*codes} - {codes[5]}
    assert process.sandbox.calls("PUT") <= 1 + 8
    opened = process.lines[-1]
    assert opened.startswith("opened ")
    assert all(code in opened for code in codes if code != codes[5])


def test_at_most_32_parts_are_sent_and_what_was_not_tried_says_so(process: Process) -> None:
    process.sandbox.fail_next(999, "status:400", method="PUT")
    text = str(error_of(lambda: process.exactly(*ALL_CODES)))
    assert process.sandbox.calls("PUT") == 1 + delivery.MOST_PARTS == 33
    assert "sent with others, of which one may be the reason (run `pulumi up` again): PUT " in text
    assert all(code in text for code in ALL_CODES)


def test_parts_are_sent_for_at_most_60_seconds(process: Process, fake_time: FakeTime) -> None:
    assert delivery.LONGEST_SEARCH == 60
    deny = process.account._client.deny_directions

    def slow(codes: list[str]) -> None:
        fake_time.now += 6
        deny(codes)

    process.sandbox.set_open(ALL_CODES[:64])
    process.sandbox.fail_next(999, "status:400", method="DELETE")
    process.account._client.deny_directions = slow  # type: ignore[method-assign, assignment]
    assert "sent with others" in str(error_of(lambda: process.close(*ALL_CODES[:64])))
    assert process.sandbox.calls("DELETE") <= 2 + 12


@pytest.mark.parametrize("fault, attempts", [("status:403", 1), ("status:503", 5), ("reset", 5)])
def test_another_error_fails_the_batch_and_is_not_sent_in_parts(process: Process, fault: str, attempts: int) -> None:
    process.sandbox.set_open(["44", "53"])
    process.sandbox.fail_next(999, fault, method="DELETE")
    text = str(error_of(lambda: process.close("44", "53")))
    assert text.startswith("44 (United Kingdom")
    assert ", 53 (Cuba) were not closed: DELETE " in text
    assert process.sandbox.calls("DELETE") == attempts


def test_an_error_among_the_parts_ends_the_search(process: Process) -> None:
    process.sandbox.fail_next(1, "status:400", method="PUT")
    process.sandbox.fail_next(9, "status:403", method="PUT")
    text = str(error_of(lambda: process.exactly("36", "44", "53", "58")))
    assert process.sandbox.calls("PUT") == 2
    assert "the answer is 403" in text
    assert "53 (Cuba), 58 (Venezuela) were not opened: sent with others" in text


# What is not even tried


def test_a_code_that_the_catalogue_lacks_is_not_opened_and_its_neighbours_are(process: Process) -> None:
    error = error_of(lambda: process.open("999"))
    assert isinstance(error, UnknownDirectionError)
    assert str(error).startswith(
        "999 was not opened: Plusofon's catalogue has no direction with the calling code 999; "
    )
    assert process.account.claims.refusal("999") is not None
    assert "999 was not opened: Plusofon's catalogue does not have it" in str(
        error_of(lambda: process.exactly("999", "36"))
    )
    assert process.sandbox.open_codes == {"36"}


def test_an_unreadable_catalogue_keeps_nothing_from_closing(process: Process) -> None:
    process.sandbox.set_open(["53"])
    process.sandbox.fail_next(9, "status:403", path=CATALOGUE)
    assert str(error_of(lambda: process.open("36"))).startswith("36 was not opened: GET ")
    process.close("53")
    assert process.sandbox.open_codes == set()


def test_a_run_that_only_closes_opens_nothing_not_even_to_mend(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUSOFON_CLOSE_ONLY", "1")
    sandbox.set_open(["7", "53"])
    process = Process(sandbox)
    only = "this run only closes; a person must run `pulumi up`"
    error = error_of(lambda: process.open("36"))
    assert isinstance(error, CloseOnlyError)
    assert str(error) == f"36 (Hungary) was not opened: {only}"
    process.claim("7")
    sandbox.owner_acts(closes=["7"], method="DELETE")
    assert f"53 (Cuba) was closed, but {SEVEN} {VANISHED}" in str(error_of(lambda: process.close("53")))
    sandbox.set_open(["44"])
    process.account._live.invalidate()
    assert str(error_of(lambda: process.exactly("36", "7"))) == f"{SEVEN}, 36 (Hungary) were not opened: {only}"
    assert sandbox.open_codes == set()
    assert sandbox.calls("PUT") == 0


# Claims


def test_a_declared_code_stays_open_and_its_neighbours_close(process: Process) -> None:
    process.sandbox.set_open(["36", "53"])
    process.claim("36")
    process.close("36", "53")
    assert process.sandbox.open_codes == {"36"}
    assert process.lines == ["closed 53 (Cuba)", "36 (Hungary) stays open: the program still declares it"]


@pytest.mark.parametrize("fault", ["status:403", "ignore", "html:200"])
def test_a_declared_code_that_could_not_be_opened_keeps_its_owner_until_that_is_mended(
    process: Process, fault: str
) -> None:
    process.claim("36")
    process.sandbox.fail_next(9, fault, method="PUT")
    error_of(lambda: process.open("36"))
    process.sandbox.set_open(["36"])
    process.account._live.invalidate()
    error = error_of(lambda: process.close("36"))
    assert isinstance(error, DirectionClaimedError)
    assert str(error).startswith("36 (Hungary) was not closed: the program declares the code in another resource")
    process.sandbox.clear_faults()
    process.open("36")
    process.close("36")
    assert process.sandbox.calls("DELETE") == 0


@pytest.mark.parametrize("act", ["close", "exactly"])
def test_claims_are_tested_again_when_the_write_is_sent(process: Process, act: str) -> None:
    process.sandbox.set_open(["53"])
    fetch = process.account._live._fetch

    def fetch_while_another_is_checked() -> object:
        found = fetch()
        process.claim("53")
        return found

    process.account._live._fetch = fetch_while_another_is_checked  # type: ignore[assignment]
    if act == "close":
        process.close("53")
        assert process.lines == ["53 (Cuba) stays open: the program still declares it"]
    else:
        assert "53 (Cuba) was not closed: an AllowedDirection" in str(error_of(lambda: process.exactly("36")))
    assert writes(process.sandbox) == []
