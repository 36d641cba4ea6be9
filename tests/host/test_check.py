"""Check: what is refused in preview, and what a code becomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.output import Unknown

from plusofon_pulumi.sandbox import CATALOGUE_PATH, Sandbox
from tests.host.conftest import Hosts, end_without_token, stack_of
from tests.host.host import UNKNOWN, Host, secret


@pytest.fixture(scope="module")
def shared(hosts: Hosts) -> Iterator[Host]:
    """One host for all tests that only check: what it keeps meanwhile changes no answer."""
    with Sandbox(open=["36"]) as sandbox:
        host = hosts.take()
        host.configure(stack_of(sandbox))
        yield host
        end_without_token(host, sandbox)


@pytest.mark.parametrize(
    "given, code",
    [("36", "36"), ("+36", "36"), (" 36 ", "36"), (36, "36"), (36.0, "36"), ("3-75", "375"), ("+3 75", "375")],
)
def test_a_code_becomes_its_digits_however_it_is_written(shared: Host, given: Any, code: str) -> None:
    checked = shared.check({"code": given})
    assert (checked.inputs, checked.failures) == ({"code": code}, [])


@pytest.mark.parametrize(
    "given, reason",
    [
        ("", "it is empty"),
        (" ", "it is empty"),
        ("3six", "is named by its calling code, in digits, not by a name"),
        ("٣٦", "write it with the digits 0 to 9"),
        (True, "True is not a calling code"),
        (36.5, "a calling code is a whole number"),
        (-36, "a calling code is not negative"),
        ("036", "no calling code begins with 0"),
        ("0036", "leave it out"),
        ("1234567890123456", "more than 15 digits"),
        (["36"], 'a calling code is a string of digits such as "36"'),
        ({"code": "36"}, 'a calling code is a string of digits such as "36"'),
        (secret("36"), "is not a calling code"),
        ("Hungary", "the catalogue has 36 (Hungary)"),
        ("венгрия", "the catalogue has 36 (Hungary)"),
        ("367", "has no direction with the calling code 367; the nearest: 36 (Hungary)"),
        ("999", "the nearest: 992 (Tajikistan), 993 (Turkmenistan), 994 (Azerbaijan)"),
    ],
)
def test_what_cannot_be_opened_is_refused_with_the_reason_and_kept_as_it_was_given(
    shared: Host, given: Any, reason: str
) -> None:
    checked = shared.check({"code": given})
    [(property_, told)] = checked.failures
    assert property_ == "code"
    assert reason in told
    assert "\n" not in told
    assert checked.inputs == {"code": given}
    assert shared.stderr == ""


def test_a_missing_code_is_refused(shared: Host) -> None:
    checked = shared.check({})
    assert checked.inputs == {}
    assert checked.failures == [("code", 'it is missing: give the calling code to open, such as "36"')]


def test_the_engine_sends_codes_in_clear_for_the_host_takes_no_secrets(shared: Host) -> None:
    """Only so may `secret` above be refused: a secret code works, as the tests on the real engine show."""
    assert shared.accepts_secrets is False


@pytest.mark.parametrize("olds", [None, {"code": "36"}], ids=["of a new resource", "of an old one"])
def test_a_code_that_is_not_known_yet_passes_as_unknown(shared: Host, olds: dict[str, Any] | None) -> None:
    checked = shared.check({"code": UNKNOWN}, olds)
    assert checked.failures == []
    assert isinstance(checked.inputs["code"], Unknown)


def test_an_unknown_code_is_asked_of_nobody_and_means_a_replacement(host: Host, sandbox: Sandbox) -> None:
    host.check({"code": UNKNOWN}, {"code": "36"})
    difference = host.diff("36", {"code": "36"}, {"code": UNKNOWN})
    assert (difference.changes, difference.replaces) == (True, ["code"])
    assert sandbox.calls() == 0


def test_an_unchanged_code_needs_no_catalogue(host: Host, sandbox: Sandbox) -> None:
    sandbox.fail_next(9, "status:403", path=CATALOGUE_PATH)
    for spelling in ("36", "+36", 36):
        checked = host.check({"code": spelling}, {"code": "36"})
        assert (checked.inputs, checked.failures) == ({"code": "36"}, [])
    assert sandbox.calls(path=CATALOGUE_PATH) == 0


def test_a_catalogue_that_cannot_be_read_is_told_in_preview(host: Host, sandbox: Sandbox) -> None:
    sandbox.fail_next(1, "html:200", path=CATALOGUE_PATH)
    [(property_, reason)] = host.check({"code": "36"}).failures
    assert property_ == ""
    assert f"GET {CATALOGUE_PATH}" in reason
    assert "is not JSON" in reason
