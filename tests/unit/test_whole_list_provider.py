"""The provider of the whole list, called in this process on a sandbox: what it refuses, and what it foretells."""

from __future__ import annotations

import base64
from typing import Any

import dill
import pytest
from pulumi.dynamic.dynamic import serialize_provider

from plusofon_pulumi.errors import DirectionClaimedError, PermissionDeniedError
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from tests.unit.conftest import StartPlugin
from tests.unit.support import PAYLOAD, UNKNOWN
from tests.unit.whole_list import NOT_KNOWN, calls, failures, inputs, outputs

HUNGARY = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
NO_LIST = 'it is not a list: give the codes as in ["7", "36"]'
MISSING = "it is missing: give the list of codes that are open; an empty list closes everything"
NO_CHOICE = 'it is "retain" (leave the directions open) or "close"'


def test_a_configured_provider_is_pickled_as_a_new_one_is(whole: AllowedDirectionsProvider, sandbox: Sandbox) -> None:
    whole.read("allowed-directions", {})
    pickled = serialize_provider(whole)
    assert pickled == serialize_provider(AllowedDirectionsProvider())
    assert sandbox.token.encode() not in base64.b64decode(pickled)
    assert vars(dill.loads(base64.b64decode(pickled))) == {}  # noqa: S301  # made three lines above


# Check: the shape


@pytest.mark.parametrize(
    "given, codes",
    [
        (["36"], ["36"]),
        (["7", "36"], ["36", "7"]),
        (["+36", 36.0, " 36 ", "3-6", 36], ["36"]),
        ([7.0, "1", "+1 242"], ["1", "1242", "7"]),
        ([], []),
    ],
)
def test_check_returns_the_digits_sorted_and_each_once(
    whole: AllowedDirectionsProvider, given: list[Any], codes: list[str]
) -> None:
    known = {"codes": ["1242"]}  # which the catalogue need not have
    result = whole.check(known, {"codes": given, **PAYLOAD})
    assert (result.inputs, result.failures) == ({"codes": codes, "on_destroy": "retain"}, [])


@pytest.mark.parametrize("choice", ["retain", "close", UNKNOWN])
def test_check_keeps_what_a_destruction_shall_do(whole: AllowedDirectionsProvider, choice: Any) -> None:
    result = whole.check({}, {"codes": [], "on_destroy": choice})
    assert result.inputs["on_destroy"] is choice
    assert result.failures == []


@pytest.mark.parametrize(
    "news, told",
    [
        ({}, [("codes", MISSING)]),
        ({"codes": None}, [("codes", MISSING)]),
        ({"codes": "36"}, [("codes", NO_LIST)]),
        ({"codes": ""}, [("codes", NO_LIST)]),
        ({"codes": 36.0}, [("codes", NO_LIST)]),
        ({"codes": False}, [("codes", NO_LIST)]),
        ({"codes": {"36": "Hungary"}}, [("codes", NO_LIST)]),
        ({"codes": [], "on_destroy": "keep"}, [("on_destroy", NO_CHOICE)]),
        ({"codes": [], "on_destroy": None}, [("on_destroy", NO_CHOICE)]),
        ({"codes": [], "on_destroy": True}, [("on_destroy", NO_CHOICE)]),
        ({"codes": ["36"], "on_destroy": ["close"]}, [("on_destroy", NO_CHOICE)]),
        ({"codes": UNKNOWN, "on_destroy": "Retain"}, [("on_destroy", NO_CHOICE)]),
        ({"codes": None, "on_destroy": ""}, [("codes", MISSING), ("on_destroy", NO_CHOICE)]),
        ({"codes": "all", "on_destroy": "all"}, [("codes", NO_LIST), ("on_destroy", NO_CHOICE)]),
    ],
)
def test_check_refuses_what_is_no_list_and_no_choice_and_asks_nobody(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, news: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    result = whole.check({}, {**news, **PAYLOAD})
    assert [(each.property, each.reason) for each in result.failures] == told
    assert result.inputs == {"codes": news.get("codes"), "on_destroy": news.get("on_destroy", "retain")}
    assert calls(sandbox) == []


def test_check_refuses_every_element_that_can_be_no_code_at_once(
    whole: AllowedDirectionsProvider, sandbox: Sandbox
) -> None:
    given = ["36", None, "", "007", True, ["36"], "Hungary", "999", 3.5]
    told = failures(whole, {"codes": given})
    assert {property_ for property_, _ in told} == {""}
    reasons = [reason for _, reason in told]
    assert [reason.partition(":")[0] for reason in reasons] == [f"codes[{place}]" for place in (1, 2, 3, 4, 5, 6, 8)]
    assert reasons[1] == "codes[2]: '' is not a calling code: it is empty"
    assert reasons[5].endswith("in digits, not by a name; the catalogue has 36 (Hungary)")
    assert calls(sandbox) == ["GET catalogue"], "only for the name"


def test_of_many_elements_that_can_be_no_code_check_tells_ten(whole: AllowedDirectionsProvider) -> None:
    told = failures(whole, {"codes": [f"0{n}" for n in range(11)]})
    assert (len(told), told[-1]) == (11, ("", "others that cannot work: 1"))


def test_check_refuses_every_code_that_the_catalogue_lacks_at_once(whole: AllowedDirectionsProvider) -> None:
    told = sorted(failures(whole, {"codes": ["999", "36", "367", "+999"]}))
    assert [property_ for property_, _ in told] == ["", ""]
    lacks = "Plusofon's catalogue has no direction with the calling code"
    assert told[0][1].startswith(f"codes[0]: {lacks} 999; the nearest: 992 (Tajikistan)")
    assert told[1][1].startswith(f"codes[2]: {lacks} 367; the nearest: 36 (Hungary)")


# Check: what is not known yet


def test_check_lets_an_unknown_list_pass_and_asks_nobody(whole: AllowedDirectionsProvider, sandbox: Sandbox) -> None:
    result = whole.check({}, {"codes": UNKNOWN})
    assert (result.inputs, result.failures) == ({"codes": UNKNOWN, "on_destroy": "retain"}, [])
    assert calls(sandbox) == []


def test_check_sees_to_the_known_codes_beside_unknown_ones_and_foretells_nothing(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.set_open(["53"])
    result = whole.check({}, {"codes": [UNKNOWN, "7", "+36", UNKNOWN]})
    assert (result.inputs["codes"], result.failures) == (["36", "7", UNKNOWN, UNKNOWN], [])
    assert calls(sandbox) == ["GET catalogue", "GET"]
    for bad in ("999", ""):
        [(property_, reason)] = failures(whole, {"codes": [UNKNOWN, bad]})
        assert (property_, reason[:9]) == ("", "codes[1]:")
    assert capsys.readouterr().err == f"{NOT_KNOWN}\n"


def test_check_of_unknown_codes_fails_where_the_list_cannot_be_read(
    whole: AllowedDirectionsProvider, sandbox: Sandbox
) -> None:
    sandbox.fail_next(9, "status:403", path=ALLOWED_PATH)
    [(property_, reason)] = failures(whole, {"codes": ["36", UNKNOWN]})
    assert property_ == ""
    assert reason.startswith(f"GET {ALLOWED_PATH} at 127.0.0.1: the answer is 403")


# Check: whom it asks


@pytest.mark.parametrize("codes", [["36", "7"], ["7", "+36"], ["36"]])
def test_check_of_codes_that_state_has_needs_no_catalogue(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, codes: list[str]
) -> None:
    assert failures(whole, {"codes": codes}, olds=inputs("36", "7")) == []
    assert calls(sandbox) == ["GET"]


def test_check_of_a_code_that_the_catalogue_has_dropped_passes_where_state_has_it(
    whole: AllowedDirectionsProvider, sandbox: Sandbox
) -> None:
    assert failures(whole, {"codes": ["36", "999"]}, olds=inputs("999")) == []
    assert calls(sandbox) == ["GET catalogue", "GET"]


@pytest.mark.parametrize("olds", [inputs(UNKNOWN, "999"), {"codes": "999"}, {"code": "999"}, inputs("36")])
def test_check_of_a_code_that_state_has_not_needs_the_catalogue(
    whole: AllowedDirectionsProvider, olds: dict[str, Any]
) -> None:
    [(_, reason)] = failures(whole, {"codes": ["999"]}, olds=olds)
    assert reason.startswith("codes[0]: Plusofon's catalogue has no direction with the calling code 999")


@pytest.mark.parametrize("path", [CATALOGUE_PATH, ALLOWED_PATH])
@pytest.mark.parametrize("fault", ["status:401", "status:403", "status:503", "html:200", "reset"])
def test_an_api_that_does_not_answer_is_one_failure_in_preview(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, path: str, fault: str
) -> None:
    sandbox.fail_next(99, fault, path=path)
    olds = inputs("36", "7") if path == ALLOWED_PATH else None
    [(property_, reason)] = failures(whole, {"codes": ["36", "7"]}, olds=olds)
    assert property_ == ""
    assert reason.startswith(f"GET {path} at 127.0.0.1: ")
    assert "\n" not in reason


@pytest.mark.parametrize("answer", ["401", "403", "500", "200"])
def test_a_refused_token_is_one_paragraph_that_says_what_to_do(
    start_plugin: StartPlugin, sandbox: Sandbox, answer: str
) -> None:
    sandbox.set_readings({"R9": answer})
    for codes, olds in ((["36"], None), ([], None), (["36"], inputs("36"))):
        whole = start_plugin(sandbox, token="of-yesterday").whole
        [(property_, reason)] = failures(whole, {"codes": codes}, olds=olds)
        assert property_ == ""
        assert "Check the token" in reason
        assert "of-yesterday" not in reason


@pytest.mark.parametrize("codes", [["36"], [], ["Hungary"], [UNKNOWN]])
def test_no_token_is_one_failure_that_says_what_to_do(
    start_plugin: StartPlugin, sandbox: Sandbox, codes: list[Any]
) -> None:
    [(property_, reason)] = failures(start_plugin(sandbox, token="").whole, {"codes": codes})
    assert property_ == ""
    assert reason.startswith("plusofon:token is set in the stack's configuration, but empty")
    assert calls(sandbox) == []


def test_a_provider_s_own_account_is_named_in_failures_errors_and_messages(
    start_plugin: StartPlugin, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.set_open(["36"])
    whole = start_plugin(sandbox, provider="second").whole
    [(_, reason)] = failures(whole, {"codes": ["x"]})
    assert reason.startswith("Provider \"second\": codes[0]: 'x' is not a calling code")
    assert failures(whole, {"codes": []}) == []
    told = 'Provider "second": 36 (Hungary) is open and not declared; `pulumi up` closes it.\n'
    assert capsys.readouterr().err == told
    sandbox.fail_next(1, "status:403", method="DELETE")
    with pytest.raises(PermissionDeniedError, match=r'^Provider "second": 36 \(Hungary\) was not closed: DELETE '):
        whole.create(inputs())


# What a check claims


def test_check_claims_what_the_program_declares(
    whole: AllowedDirectionsProvider, single: AllowedDirectionProvider, sandbox: Sandbox
) -> None:
    sandbox.set_open(["36", "58"])
    whole.check({}, {"codes": ["+36"]})
    single.delete("36", {**HUNGARY})
    single.delete("58", {"code": "58"})
    assert sandbox.open_codes == {"36"}


@pytest.mark.parametrize(
    "given, olds, fault",
    [
        (["36"], None, CATALOGUE_PATH),
        (["36"], None, ALLOWED_PATH),
        (["36"], inputs("36"), ALLOWED_PATH),
        (["36", "999"], None, ""),
        (["36", "x"], None, ""),
        (["36", None], inputs("36"), ""),
    ],
    ids=["no catalogue", "no list before a creation", "no list", "not in the catalogue", "no code", "none"],
)
def test_a_list_that_fails_its_check_leaves_its_codes_to_those_who_have_them(
    whole: AllowedDirectionsProvider,
    single: AllowedDirectionProvider,
    sandbox: Sandbox,
    given: list[str],
    olds: Any,
    fault: str,
) -> None:
    sandbox.set_open(["36"])
    if fault:
        sandbox.fail_next(1, "status:403", path=fault)
    assert len(failures(whole, {"codes": given}, olds=olds)) == 1
    with pytest.raises((DirectionClaimedError, PermissionDeniedError)) as caught:
        single.delete("36", {**HUNGARY})
    if fault != ALLOWED_PATH:
        assert isinstance(caught.value, DirectionClaimedError)
    assert sandbox.open_codes == {"36"}


def test_read_diff_and_a_list_of_unknown_codes_claim_nothing(
    whole: AllowedDirectionsProvider, single: AllowedDirectionProvider, sandbox: Sandbox
) -> None:
    sandbox.set_open(["36"])
    whole.read("allowed-directions", outputs("36"))
    whole.diff("allowed-directions", outputs("36"), inputs("36"))
    whole.check(inputs("36"), {"codes": UNKNOWN})
    single.delete("36", {**HUNGARY})
    assert sandbox.open_codes == set()
