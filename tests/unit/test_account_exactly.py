"""The whole list: closed, seen to be closed, then opened, and equal to what is declared; or an error."""

from __future__ import annotations

import pytest

from plusofon_pulumi.client import CATALOGUE, OPEN_LIST
from plusofon_pulumi.errors import DirectionNotChangedError, PermissionDeniedError
from tests.unit.support import DIRECTIONS, Process, calls, error_of, writes


def test_a_list_that_closes_and_opens_costs_six_calls_and_closes_first(process: Process) -> None:
    process.sandbox.set_open(["53", "7"])
    process.exactly("36", "7")
    assert writes(process.sandbox) == [("DELETE", ["53"]), ("PUT", ["36"])]
    assert sorted(calls(process.sandbox)) == ["DELETE", "GET", "GET", "GET", "PUT", "catalogue"]
    assert process.lines == ["closed 53 (Cuba)", "opened 36 (Hungary)"]
    process.exactly("7", "36")
    assert calls(process.sandbox) == []


def test_an_empty_list_closes_everything(process: Process) -> None:
    process.sandbox.set_open(["53", "36"])
    process.exactly()
    assert process.sandbox.open_codes == set()
    assert process.lines == ["closed 36 (Hungary), 53 (Cuba)"]


@pytest.mark.parametrize("case", ["stays", "refused", "not seen", "unreadable"])
def test_nothing_is_opened_until_what_closes_is_seen_to_be_closed(process: Process, case: str) -> None:
    process.sandbox.set_open(["7", "44"])
    if case == "stays":
        process.sandbox.set_readings({"R11": "always"})
    elif case == "unreadable":
        process.sandbox.fail_next(9, "status:403", path=OPEN_LIST, method="GET", skip=1)
    else:
        process.sandbox.fail_next(9, {"refused": "status:400", "not seen": "ignore"}[case], method="DELETE")
    text = str(error_of(lambda: process.exactly("36")))
    assert process.sandbox.calls("PUT") == 0
    closed = "may not have been closed: GET " if case == "unreadable" else "not closed: DELETE "
    assert closed in text
    lost = "7 (Kazakhstan, Russia)" if case == "stays" else f"7 (Kazakhstan, Russia), {DIRECTIONS['44']}"
    assert f"36 (Hungary) was not opened: nothing is opened until {lost} " in text
    assert process.lines == ([f"closed {DIRECTIONS['44']}"] if case == "stays" else [])


ROUNDS = {
    "opened before the look": ({"opens": ["53"]}, ["closed 53 (Cuba)", "opened 36 (Hungary)"]),
    "closed before the look": ({"closes": ["7"]}, ["opened 7 (Kazakhstan, Russia), 36 (Hungary)"]),
    "both": ({"opens": ["53"], "closes": ["7"]}, ["closed 53 (Cuba)", "opened 7 (Kazakhstan, Russia), 36 (Hungary)"]),
}


@pytest.mark.parametrize("case", ROUNDS)
def test_what_somebody_changes_meanwhile_is_mended_in_a_second_round(process: Process, case: str) -> None:
    owner, lines = ROUNDS[case]
    process.sandbox.set_open(["7"])
    process.sandbox.owner_acts(**owner)  # type: ignore[arg-type]
    process.exactly("7", "36")
    assert process.sandbox.open_codes == {"7", "36"}
    assert process.lines == lines


@pytest.mark.parametrize("second", ["36", "7"], ids=["not sent again", "sent again"])
def test_what_is_changed_in_both_directions_and_again_is_an_error_that_names_both(
    process: Process, second: str
) -> None:
    process.sandbox.set_open(["7"])
    process.sandbox.owner_acts(opens=["53"], closes=["7"])
    process.sandbox.owner_acts(opens=["53"], closes=[second], n=2)
    error = error_of(lambda: process.exactly("7", "36"))
    assert isinstance(error, DirectionNotChangedError)
    again = "meanwhile, and again, by somebody or by Plusofon. Run `pulumi up` again."
    assert f"53 (Cuba) was closed, but it was opened {again}" in str(error)
    assert DIRECTIONS[second].english_name in str(error)
    if second == "36":
        assert f"36 (Hungary) was opened, but it was closed {again} Or does PUT replace the list?" in str(error)
    assert process.sandbox.calls("PUT") == 2


def test_a_put_that_replaces_the_list_is_never_green(process: Process) -> None:
    process.sandbox.set_open(["7"])
    process.sandbox.set_readings({"R15": "replaces"})
    text = str(error_of(lambda: process.exactly("7", "36")))
    assert "36 (Hungary) was opened, but it was closed meanwhile, and again" in text
    assert "does PUT replace the list?" in text


def test_an_opening_that_nobody_can_see_is_believed_with_a_message(process: Process) -> None:
    process.sandbox.fail_next(9, "status:403", path=OPEN_LIST, method="GET", skip=1)
    process.exactly("36")
    assert process.lines[0] == "opened 36 (Hungary)"
    assert process.lines[1].startswith(
        "Plusofon answered that 36 (Hungary) opened, but its list could not be read: GET "
    )


def test_what_was_closed_is_said_although_the_openings_fail(process: Process) -> None:
    process.sandbox.set_open(["53"])
    process.sandbox.fail_next(9, "status:403", path=CATALOGUE)
    error = error_of(lambda: process.exactly("36"))
    assert isinstance(error, PermissionDeniedError)
    assert str(error).startswith("36 was not opened: GET ")
    assert process.lines == ["closed 53"], "nothing knows its name any more"


def test_a_list_that_would_close_a_claimed_code_writes_nothing(process: Process) -> None:
    process.sandbox.set_open(["53", "44"])
    process.claim("53")
    error = error_of(lambda: process.exactly("36"))
    assert "53 (Cuba) was not closed: an AllowedDirection of this program declares the code: add it to" in str(error)
    assert writes(process.sandbox) == process.lines == []
    assert process.account.claims.refusal("36") is not None


def test_a_claim_that_comes_with_the_write_keeps_its_code_and_nothing_is_opened(process: Process) -> None:
    process.sandbox.set_open(["53", "44"])
    claims, answers = process.account.claims, [frozenset[str]()]
    everything = claims.all
    claims.all = lambda: answers.pop() if answers else everything()  # type: ignore[method-assign]
    process.claim("53")
    error = error_of(lambda: process.exactly("36"))
    assert "53 (Cuba) was not closed: an AllowedDirection of this program declares the code" in str(error)
    assert writes(process.sandbox) == [("DELETE", ["44"])]


@pytest.mark.parametrize(
    "opened, claimed, line",
    [
        (["7", "44", "36"], ["36"], f"left open: 7 (Kazakhstan, Russia), {DIRECTIONS['44']}"),
        ([], [], "left open: nothing"),
        (["36"], ["36"], ""),
    ],
)
def test_what_is_left_is_what_is_open_and_declared_by_nobody(
    process: Process, opened: list[str], claimed: list[str], line: str
) -> None:
    process.sandbox.set_open(opened)
    process.claim(*claimed)
    assert process.account.what_is_left() == line


def test_what_is_left_is_asked_once_and_an_error_is_a_line(process: Process) -> None:
    process.sandbox.fail_next(9, "status:503")
    assert process.account.what_is_left().startswith("what is left open is not known: GET ")
    assert calls(process.sandbox) == ["GET"]
