"""The provider's methods, called in this process on a sandbox."""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import dill
import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.dynamic.dynamic import serialize_provider

from plusofon_pulumi.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    DirectionClaimedError,
    DirectionNotChangedError,
    PermissionDeniedError,
    PlusofonError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
    UnknownDirectionError,
)
from plusofon_pulumi.provider import AllowedDirectionProvider
from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Change, Sandbox
from tests.unit.support import PAYLOAD, UNKNOWN

HUNGARY = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
MakeProvider = Callable[..., AllowedDirectionProvider]


pytestmark = pytest.mark.usefixtures("own_tracebacks", "no_pauses")


@pytest.fixture
def make(sandbox: Sandbox) -> MakeProvider:
    """Make configured providers: `make({"plusofon:token": "…"})` changes what the stack says of the sandbox."""

    def make(changes: Mapping[str, Any] | None = None) -> AllowedDirectionProvider:
        stack = {"plusofon:token": sandbox.token, "plusofon:baseUrl": sandbox.url, **(changes or {})}
        set_keys = {key: value for key, value in stack.items() if value is not None}
        provider = AllowedDirectionProvider()
        provider.configure(ConfigureRequest(config=Config(raw_config=set_keys, project_name="test")))
        return provider

    return make


@pytest.fixture
def provider(make: MakeProvider) -> AllowedDirectionProvider:
    return make()


def failures(provider: AllowedDirectionProvider, code: Any, old: str | None = None) -> list[tuple[str, str]]:
    """Return what a check tells, after seeing that it gave the code back as it was."""
    result = provider.check({} if old is None else {"code": old}, {"code": code, **PAYLOAD})
    told = [(each.property, each.reason) for each in result.failures]
    assert not told or result.inputs == {"code": code}
    return told


def failure(provider: AllowedDirectionProvider, code: Any, old: str | None = None) -> tuple[str, str]:
    [only] = failures(provider, code, old)
    return only


# Identity


def test_a_configured_provider_is_pickled_as_a_new_one_is(provider: AllowedDirectionProvider, sandbox: Sandbox) -> None:
    provider.check({}, {"code": "36"})
    pickled = serialize_provider(provider)
    assert pickled == serialize_provider(AllowedDirectionProvider())
    assert sandbox.token.encode() not in base64.b64decode(pickled)
    assert vars(dill.loads(base64.b64decode(pickled))) == {}  # noqa: S301  # made two lines above


# Check


@pytest.mark.parametrize("code", ["36", "+36", " 36 ", "3-6", 36, 36.0])
def test_check_returns_the_digits_alone(provider: AllowedDirectionProvider, code: Any) -> None:
    result = provider.check({**PAYLOAD}, {"code": code, **PAYLOAD})
    assert (result.inputs, result.failures) == ({"code": "36"}, [])


@pytest.mark.parametrize("code", ["", "0", "007", "3x", "٣٦", True, 3.5, -1, 1e300, float("nan"), ["36"], {}, "1" * 16])
def test_check_refuses_what_can_be_no_code_and_asks_nobody(
    provider: AllowedDirectionProvider, sandbox: Sandbox, code: Any
) -> None:
    property_, reason = failure(provider, code)
    assert property_ == "code"
    assert "is not a calling code: " in reason
    assert [request.path for request in sandbox.requests] == []


@pytest.mark.parametrize(
    "name, told",
    [
        ("Hungary", "the catalogue has 36 (Hungary)"),
        ("hungary ", "the catalogue has 36 (Hungary)"),
        ("Венгрия", "the catalogue has 36 (Hungary)"),
        ("Венесу", "the catalogue has 58 (Venezuela)"),
        ("Kazakh", "the catalogue has 7 (Kazakhstan, Russia)"),
        ("guinea", "240 (Equatorial Guinea)"),
    ],
)
def test_check_tells_the_code_of_a_named_country(provider: AllowedDirectionProvider, name: str, told: str) -> None:
    assert told in failure(provider, name)[1]


def test_a_catalogue_that_cannot_be_read_does_not_hide_that_a_name_is_no_code(
    provider: AllowedDirectionProvider, sandbox: Sandbox
) -> None:
    sandbox.fail_next(99, "status:403")
    property_, reason = failure(provider, "Hungary")
    assert (property_, reason.startswith("'Hungary' is not a calling code: ")) == ("code", True)
    assert "403" not in reason


def test_check_tells_five_countries_at_most(provider: AllowedDirectionProvider) -> None:
    assert failure(provider, "ant")[1].count("(") <= 5
    assert failure(provider, "Сан")[1].count("(") == 2


def test_check_makes_no_guess_from_a_few_letters_or_the_middle_of_a_word(provider: AllowedDirectionProvider) -> None:
    for name in ("UK", "a", "garia"):
        assert failure(provider, name)[1].endswith("in digits, not by a name")


def test_check_knows_no_country_of_a_name_that_the_catalogue_lacks(provider: AllowedDirectionProvider) -> None:
    assert failure(provider, "Atlantis")[1].endswith("in digits, not by a name")


@pytest.mark.parametrize(
    "code, nearest",
    [("367", "36 (Hungary)"), ("999", "992 (Tajikistan), 993 (Turkmenistan), 994 (Azerbaijan)")],
)
def test_check_tells_the_nearest_of_a_code_that_the_catalogue_lacks(
    provider: AllowedDirectionProvider, code: str, nearest: str
) -> None:
    property_, reason = failure(provider, code)
    assert property_ == "code"
    assert f"no direction with the calling code {code}; the nearest: {nearest}" in reason


def test_check_lets_an_unknown_code_pass_and_asks_nobody(provider: AllowedDirectionProvider, sandbox: Sandbox) -> None:
    result = provider.check({"code": "36"}, {"code": UNKNOWN})
    assert result.inputs == {"code": UNKNOWN}
    assert result.failures == []
    assert sandbox.calls() == 0


@pytest.mark.parametrize("code", ["36", "+36", 36.0])
def test_check_of_an_unchanged_code_needs_no_catalogue(
    provider: AllowedDirectionProvider, sandbox: Sandbox, code: Any
) -> None:
    assert failures(provider, code, old="36") == []
    assert sandbox.calls("GET", CATALOGUE_PATH) == 0


def test_check_of_an_unchanged_code_that_the_catalogue_has_dropped_passes(
    provider: AllowedDirectionProvider, sandbox: Sandbox
) -> None:
    sandbox.set_open(["999"])
    assert failures(provider, "999", old="999") == []
    assert provider.diff("999", {"code": "999"}, {"code": "999"}).changes is False


def test_check_of_another_code_needs_the_catalogue(provider: AllowedDirectionProvider, sandbox: Sandbox) -> None:
    assert failure(provider, "999", old="36")[0] == "code"
    assert sandbox.calls("GET", CATALOGUE_PATH) == 1


@pytest.mark.parametrize(
    "changes, told",
    [
        (
            {"plusofon:token": None},
            "run `pulumi config set --secret plusofon:token`, or set the environment variable PLU",
        ),
        ({"plusofon:token": " "}, "plusofon:token is set in the stack's configuration, but empty"),
        ({"plusofon:token": "Bearer s3cret"}, "paste it alone, without «Bearer»"),
        (
            {"plusofon:clientId": "10 553"},
            "the client id is not a number such as 10553: it has other characters than digits, 6 in all",
        ),
        ({"plusofon:baseUrl": "restapi.plusofon.ru"}, "is not of the form https://restapi.plusofon.ru"),
        ({"plusofon:baseUrl": "http://restapi.plusofon.ru"}, "would send the token unencrypted: use https"),
        ({"plusofon:baseUrl": "https://a:s3cret@b"}, "must not hold a user name or a password"),
    ],
)
def test_settings_that_cannot_work_fail_every_call_in_plain_words_before_any_request(
    make: MakeProvider, sandbox: Sandbox, changes: dict[str, Any], told: str
) -> None:
    provider = make(changes)
    property_, reason = failure(provider, "36")
    assert property_ == ""
    assert told in reason
    assert "s3cret" not in reason
    with pytest.raises(ConfigurationError) as error:
        provider.read("36", {"code": "36"})
    assert str(error.value) == reason
    assert sandbox.calls() == 0


@pytest.mark.parametrize("answer", ["401", "403", "500", "200"])
def test_a_refused_token_is_one_paragraph_that_says_what_to_do(
    make: MakeProvider, sandbox: Sandbox, answer: str
) -> None:
    sandbox.set_readings({"R9": answer})
    provider = make({"plusofon:token": "of-yesterday"})
    for old in (None, "36"):
        property_, reason = failure(provider, "36", old)
        assert property_ == ""
        assert "Check the token" in reason
        assert answer in reason
        assert "\n" not in reason
        assert "of-yesterday" not in reason


UNREADABLE = [
    ("status:401", AuthenticationError),
    ("status:403", PermissionDeniedError),
    ("status:500", PermissionDeniedError),
    ("status:503", ServerError),
    ("html:200", UnexpectedResponseError),
    ("html:502", ServerError),
    ("success-false", UnexpectedResponseError),
    ("garbage", UnexpectedResponseError),
    ("redirect:https://example.com/", UnexpectedResponseError),
    ("truncate", TransportError),
    ("reset", TransportError),
    ("close", TransportError),
]


@pytest.mark.parametrize("fault", [fault for fault, _ in UNREADABLE])
@pytest.mark.parametrize("old", [None, "36"], ids=["catalogue", "list"])
def test_an_api_that_does_not_answer_is_told_in_preview(
    provider: AllowedDirectionProvider, sandbox: Sandbox, fault: str, old: str | None
) -> None:
    sandbox.fail_next(99, fault)
    property_, reason = failure(provider, "36", old)
    assert property_ == ""
    assert reason.startswith(f"GET {CATALOGUE_PATH if old is None else ALLOWED_PATH} at 127.0.0.1: ")
    assert "\n" not in reason


# Read


@pytest.mark.parametrize("fault, kind", UNREADABLE)
def test_a_list_that_cannot_be_read_is_never_taken_for_an_empty_one(
    provider: AllowedDirectionProvider, sandbox: Sandbox, fault: str, kind: type[PlusofonError]
) -> None:
    sandbox.fail_next(99, fault)
    calls: list[Callable[[], object]] = [
        lambda: provider.read("36", {**HUNGARY}),
        lambda: provider.diff("36", {**HUNGARY}, {"code": "36"}),
        lambda: provider.delete("36", {**HUNGARY}),
    ]
    for call in calls:
        with pytest.raises(kind):
            call()
    assert sandbox.calls("DELETE") == 0


def test_read_tells_a_closed_code_as_gone(provider: AllowedDirectionProvider, sandbox: Sandbox) -> None:
    sandbox.set_open(["58"])
    result = provider.read("36", {**HUNGARY, **PAYLOAD})
    assert (result.id, result.outs, result.inputs) == ("", {}, None)


@pytest.mark.parametrize("props", [{}, {"code": "36"}, HUNGARY, {**HUNGARY, **PAYLOAD, "more": 1}])
def test_read_gives_outputs_and_inputs_of_an_open_code(
    provider: AllowedDirectionProvider, sandbox: Sandbox, props: dict[str, Any]
) -> None:
    sandbox.set_open(["36"])
    result = provider.read("36", dict(props))
    assert (result.id, result.outs, result.inputs) == ("36", HUNGARY, {"code": "36"})


# Diff


@pytest.mark.parametrize(
    "olds, news, changes, replaces",
    [
        (HUNGARY, {"code": "36"}, False, None),
        ({"code": "36"}, {"code": "36"}, False, None),
        ({"code": "58"}, {"code": "58"}, True, None),
        (HUNGARY, {"code": "58"}, True, ["code"]),
        (HUNGARY, {"code": UNKNOWN}, True, ["code"]),
        (HUNGARY, {}, True, ["code"]),
        ({}, {"code": "36"}, True, ["code"]),
        ({"codes": ["36"], "on_destroy": "retain"}, {"code": "36"}, True, ["code"]),
    ],
    ids=["same", "same, no names", "closed", "another", "unknown", "none", "no outputs", "outputs of another shape"],
)
def test_diff_compares_with_what_is_open(
    provider: AllowedDirectionProvider,
    sandbox: Sandbox,
    olds: dict[str, Any],
    news: dict[str, Any],
    changes: bool,
    replaces: list[str] | None,
) -> None:
    sandbox.set_open(["36"])
    result = provider.diff("36", {**olds, **PAYLOAD}, {**news, **PAYLOAD})
    assert (result.changes, result.replaces or None) == (changes, replaces)
    assert not result.delete_before_replace
    assert sandbox.calls("PUT") + sandbox.calls("DELETE") == 0


@pytest.mark.parametrize(
    "olds, named",
    [(HUNGARY, "36 (Hungary)"), ({"code": "36", "name": "Венгрия"}, "36 (Венгрия)"), ({"code": "36"}, "36")],
)
def test_a_closed_code_is_told_once_by_the_name_that_state_has(
    provider: AllowedDirectionProvider, capsys: pytest.CaptureFixture[str], olds: dict[str, Any], named: str
) -> None:
    for _ in range(2):
        provider.diff("36", dict(olds), {"code": "36"})
    assert capsys.readouterr() == ("", f"{named} was closed outside Pulumi; `pulumi up` opens it again.\n")


# Create and update


@pytest.mark.parametrize("opened", [[], ["36"]], ids=["closed", "open"])
@pytest.mark.parametrize("call", ["create", "update"])
def test_create_and_update_open_the_code_and_return_complete_outputs(
    provider: AllowedDirectionProvider, sandbox: Sandbox, opened: list[str], call: str
) -> None:
    sandbox.set_open(opened)
    if call == "create":
        created = provider.create({"code": "36", **PAYLOAD})
        assert created.id == "36"
        outs = created.outs
    else:
        outs = provider.update("36", {**HUNGARY, **PAYLOAD}, {"code": "36", **PAYLOAD}).outs
    assert outs == HUNGARY
    assert json.loads(json.dumps(outs)) == outs
    assert sandbox.open_codes == {"36"}
    assert sandbox.calls("PUT") == (not opened)


def test_a_shared_code_has_the_names_of_all_who_share_it(provider: AllowedDirectionProvider) -> None:
    outs = provider.create({"code": "7"}).outs
    assert outs is not None
    assert set(outs["english_name"].split(", ")) == {"Russia", "Kazakhstan"}


def test_outputs_are_never_shared_for_the_host_writes_into_them(provider: AllowedDirectionProvider) -> None:
    calls: list[Callable[[], dict[str, Any] | None]] = [
        lambda: provider.create({"code": "36"}).outs,
        lambda: provider.update("36", {}, {"code": "36"}).outs,
        lambda: provider.read("36", {}).outs,
        lambda: provider.check({}, {"code": "36"}).inputs,
        lambda: provider.read("58", {}).outs,
    ]
    for call in calls:
        first = call()
        assert first is not None
        first["__provider"] = "…"
        assert "__provider" not in (call() or {})


def test_a_write_that_changes_nothing_is_a_failure(provider: AllowedDirectionProvider, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    sandbox.fail_next(9, "ignore")
    with pytest.raises(DirectionNotChangedError, match=r"^58 \(Venezuela\) was not opened: .* has not changed"):
        provider.create({"code": "58"})
    with pytest.raises(DirectionNotChangedError, match=r"^36 \(Hungary\) was not closed: .* has not changed"):
        provider.delete("36", {**HUNGARY})


def test_a_write_that_was_made_though_its_answer_was_lost_is_a_success(
    provider: AllowedDirectionProvider, sandbox: Sandbox
) -> None:
    sandbox.fail_next(99, "reset:after", method="PUT")
    assert provider.create({"code": "36"}).id == "36"


def test_a_code_that_the_catalogue_lacks_is_not_created(provider: AllowedDirectionProvider, sandbox: Sandbox) -> None:
    with pytest.raises(UnknownDirectionError, match=r"^999 was not opened: "):
        provider.create({"code": "999"})
    assert sandbox.calls("PUT") == 0


# Delete and claims


def test_delete_closes_once_and_is_done_when_closed_already(
    provider: AllowedDirectionProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.set_open(["36", "58"])
    for _ in range(2):
        provider.delete("36", {**HUNGARY, **PAYLOAD})
    assert sandbox.open_codes == {"58"}
    assert sandbox.calls("DELETE") == 1
    assert capsys.readouterr() == ("", "")


def test_delete_leaves_a_declared_code_open_and_says_so_once(
    provider: AllowedDirectionProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.set_open(["36"])
    provider.check({}, {"code": "36"})
    for _ in range(2):
        provider.delete("36", {**HUNGARY})
    assert sandbox.open_codes == {"36"}
    said = "36 (Hungary) stays open: the program declares it.\n"
    assert capsys.readouterr() == ("", said)


def test_diff_read_and_a_refused_check_claim_nothing(provider: AllowedDirectionProvider, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    provider.read("36", {**HUNGARY})
    provider.diff("36", {**HUNGARY}, {"code": "36"})
    provider.check({}, {"code": "Hungary"})
    provider.check({"code": "36"}, {"code": UNKNOWN})
    provider.delete("36", {**HUNGARY})
    assert sandbox.open_codes == set()


@pytest.mark.parametrize("old", [None, "36"], ids=["new", "unchanged"])
def test_delete_raises_where_a_declared_code_failed_its_check(
    provider: AllowedDirectionProvider, sandbox: Sandbox, old: str | None
) -> None:
    sandbox.set_open(["36"])
    sandbox.fail_next(1, "status:403")
    failure(provider, "36", old)
    with pytest.raises(DirectionClaimedError, match=r"^36 \(Hungary\) was not closed: the program declares the code"):
        provider.delete("36", {**HUNGARY})
    assert sandbox.open_codes == {"36"}


@pytest.mark.parametrize("call", ["create", "update"])
def test_delete_raises_where_a_declared_code_was_not_opened_and_no_more_once_it_was(
    provider: AllowedDirectionProvider, sandbox: Sandbox, call: str
) -> None:
    def attempt() -> object:
        return provider.create({"code": "36"}) if call == "create" else provider.update("36", {}, {"code": "36"})

    provider.check({}, {"code": "36"})
    sandbox.fail_next(1, "status:400", method="PUT")
    with pytest.raises(BadRequestError):
        attempt()
    sandbox.set_open(["36"])
    with pytest.raises(DirectionClaimedError):
        provider.delete("36", {**HUNGARY})
    attempt()
    provider.delete("36", {**HUNGARY})
    assert [change for change in sandbox.history if change.by == "api"] == []


def test_two_providers_of_a_process_share_the_account(make: MakeProvider, sandbox: Sandbox) -> None:
    one, other = make(), make()
    one.create(one.check({}, {"code": "36"}).inputs)
    other.delete("36", {**HUNGARY})
    assert sandbox.history == [Change("open", ["36"], "api")]
    assert sandbox.calls("GET", CATALOGUE_PATH) == 1


# Tracebacks


def limit() -> int | None:
    return getattr(sys, "tracebacklimit", None)


def fail_as_foreseen(provider: AllowedDirectionProvider) -> PlusofonError:
    with pytest.raises(PlusofonError) as error:
        provider.create({"code": "999"})
    return error.value


def test_a_foreseen_error_leaves_without_traceback_and_cause_until_the_next_call(
    provider: AllowedDirectionProvider,
) -> None:
    assert limit() is None
    error = fail_as_foreseen(provider)
    assert limit() == 0
    assert error.__cause__ is None
    assert error.__suppress_context__
    provider.check({}, {"code": "36"})
    assert limit() is None


@pytest.mark.parametrize("foreseen_before", [False, True])
def test_an_unforeseen_error_keeps_its_traceback(provider: AllowedDirectionProvider, foreseen_before: bool) -> None:
    if foreseen_before:
        fail_as_foreseen(provider)
    with pytest.raises(KeyError):
        provider.create({})
    assert limit() is None


def test_an_unforeseen_error_keeps_its_traceback_though_a_foreseen_one_leaves_in_another_thread(
    provider: AllowedDirectionProvider,
) -> None:
    other = threading.Thread(target=fail_as_foreseen, args=(provider,))
    other.start()
    other.join()
    assert limit() == 0
    with pytest.raises(KeyError):
        provider.create({})
    assert limit() is None


def test_a_failure_that_check_reports_leaves_tracebacks_alone(provider: AllowedDirectionProvider) -> None:
    failure(provider, "999")
    assert limit() is None


def test_a_call_in_another_thread_does_not_bring_the_traceback_back(provider: AllowedDirectionProvider) -> None:
    """The host prints what has left a provider only after our code has ended, in the thread that it left."""
    fail_as_foreseen(provider)
    other = threading.Thread(target=provider.check, args=({}, {"code": "36"}))
    other.start()
    other.join()
    assert limit() == 0
    provider.check({}, {"code": "36"})
    assert limit() is None
