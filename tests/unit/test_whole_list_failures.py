"""What the provider of the whole list does where a call fails: close first, fail closed, and name what is not done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plusofon_pulumi.errors import (
    AuthenticationError,
    BadRequestError,
    DirectionNotChangedError,
    PermissionDeniedError,
    PlusofonError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)
from plusofon_pulumi.provider import AllowedDirectionsProvider
from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from tests.unit.whole_list import ID, by_api, inputs, outputs

UNREADABLE = [
    ("status:401", AuthenticationError),
    ("status:500", PermissionDeniedError),
    ("status:503", ServerError),
    ("html:200", UnexpectedResponseError),
    ("success-false", UnexpectedResponseError),
    ("truncate", TransportError),
    ("reset", TransportError),
]


@pytest.mark.parametrize("fault, kind", UNREADABLE)
def test_a_list_that_cannot_be_read_is_never_taken_for_an_empty_one(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, fault: str, kind: type[PlusofonError]
) -> None:
    sandbox.set_open(["36", "53"])
    sandbox.fail_next(99, fault)
    acts: list[Callable[[], object]] = [
        lambda: whole.read(ID, outputs("36")),
        lambda: whole.diff(ID, outputs("36"), inputs("36")),
        lambda: whole.create(inputs("36")),
        lambda: whole.update(ID, outputs("36"), inputs("36")),
        lambda: whole.delete(ID, outputs("36", on_destroy="close")),
    ]
    told = []
    for act in acts:
        with pytest.raises(kind, match=f"GET {ALLOWED_PATH}") as caught:
            act()
        told.append(str(caught.value))
    assert told[2].startswith("The open directions were not changed: GET ")
    assert told[4].startswith("36 (Hungary) was not closed: GET ")
    assert sandbox.calls("PUT") == sandbox.calls("DELETE") == 0


@pytest.mark.parametrize("fault", ["status:403", "status:400", "status:503", "html:200", "reset", "garbage"])
def test_nothing_is_opened_where_closing_has_failed(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, fault: str
) -> None:
    sandbox.set_open(["53", "998", "7"])
    sandbox.fail_next(999, fault, method="DELETE")
    with pytest.raises(PlusofonError, match=r"^53 \(Cuba\), 998 \(Uzbekistan\) were not closed: DELETE "):
        whole.create(inputs("36", "7"))
    assert sandbox.calls("PUT") == 0
    assert sandbox.open_codes == {"53", "998", "7"}
    sandbox.clear_faults()
    whole.create(inputs("36", "7"))
    assert sandbox.open_codes == {"36", "7"}


@pytest.mark.parametrize("fault", ["status:403", "status:503", "html:200", "reset", "truncate"])
def test_a_closing_that_was_done_though_it_was_answered_amiss_goes_on(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, fault: str
) -> None:
    sandbox.set_open(["53"])
    sandbox.fail_next(1, f"{fault}:after", method="DELETE")
    whole.create(inputs("36"))
    assert sandbox.open_codes == {"36"}
    assert by_api(sandbox) == [("close", ["53"]), ("open", ["36"])]


def test_one_code_that_cannot_be_closed_is_found_and_alone_is_told(
    whole: AllowedDirectionsProvider, sandbox: Sandbox
) -> None:
    sandbox.set_readings({"R10": "good", "R4": "404"})
    sandbox.set_open(["53", "998"])
    whole.read(ID, {})
    sandbox.set_open(["998"])  # 53 was closed by somebody else meanwhile, and DELETE of it is refused
    whole.create(inputs("36"))
    assert sandbox.open_codes == {"36"}


@pytest.mark.parametrize(
    "fault, kind", [("status:400", BadRequestError), ("status:403", PermissionDeniedError), ("reset", TransportError)]
)
def test_an_opening_that_fails_leaves_fewer_codes_open(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, fault: str, kind: type[PlusofonError]
) -> None:
    sandbox.set_open(["53", "7"])
    sandbox.fail_next(99, fault, method="PUT")
    with pytest.raises(kind, match=r"^36 \(Hungary\), 58 \(Venezuela\) were not opened: PUT "):
        whole.update(ID, outputs("7"), inputs("36", "58", "7"))
    assert sandbox.open_codes == {"7"}


def test_closing_and_opening_that_change_nothing_are_told_in_one_error(
    whole: AllowedDirectionsProvider, sandbox: Sandbox
) -> None:
    sandbox.set_open(["53"])
    sandbox.fail_next(99, "ignore")
    with pytest.raises(DirectionNotChangedError) as caught:
        whole.create(inputs("36"))
    told = str(caught.value)
    assert told.startswith("36 (Hungary) was not opened: PUT was answered with success, but the list of open direct")
    assert "; 53 (Cuba) was not closed: DELETE was answered with success, but the list of open directions" in told


def test_a_home_direction_that_cannot_be_closed_is_an_error_that_explains(
    whole: AllowedDirectionsProvider, sandbox: Sandbox
) -> None:
    sandbox.set_readings({"R11": "always"})
    for _ in range(2):
        with pytest.raises(DirectionNotChangedError) as caught:
            whole.create(inputs("36"))
        assert str(caught.value).startswith("7 (Kazakhstan, Russia) was not closed: DELETE was answered with success")
        assert "If it is the account's home direction, Plusofon keeps it open: declare it" in str(caught.value)
        assert sandbox.open_codes == {"36", "7"}
    assert whole.create(inputs("36", "7")).outs == outputs("36", "7")


@pytest.mark.parametrize("fault", ["status:401", "status:500", "html:200", "reset"])
def test_openings_that_nobody_could_look_at_count_and_are_told(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    sandbox.fail_next(99, fault, method="GET", path=ALLOWED_PATH, skip=1)
    assert whole.create(inputs("36")).outs == outputs("36")
    assert capsys.readouterr().err.startswith(
        "Plusofon answered that 36 (Hungary) was opened, but its list could not be read: GET /api/v1/direction"
    )


@pytest.mark.parametrize("fault", ["status:401", "html:200", "reset"])
def test_a_closing_that_nobody_could_look_at_has_failed(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, fault: str
) -> None:
    sandbox.set_open(["53"])
    sandbox.fail_next(99, fault, method="GET", path=ALLOWED_PATH, skip=1)
    with pytest.raises(PlusofonError, match=r"^53 \(Cuba\) may not have been closed: GET "):
        whole.create(inputs("36"))


def test_an_unreadable_catalogue_stops_only_the_openings(whole: AllowedDirectionsProvider, sandbox: Sandbox) -> None:
    sandbox.set_open(["53"])
    sandbox.fail_next(99, "status:403", path=CATALOGUE_PATH)
    with pytest.raises(PermissionDeniedError, match=r"^36 was not opened: GET "):
        whole.create(inputs("36"))
    assert sandbox.open_codes == set()
