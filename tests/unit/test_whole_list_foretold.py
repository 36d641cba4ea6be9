"""What the provider of the whole list tells before a creation, for the engine asks nothing but `check` before one."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.provider import AllowedDirectionsProvider
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.whole_list import ALL_CODES, calls, failures, inputs, outputs


def test_a_creation_is_foretold_code_by_code_and_each_once(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.set_open(["53", "36", "998"])
    for _ in range(2):
        whole.check({}, {"codes": ["36", "7", "58"]})
    assert capsys.readouterr().err.splitlines() == [
        "53 (Cuba) is open and not declared; `pulumi up` closes it.",
        "998 (Uzbekistan) is open and not declared; `pulumi up` closes it.",
        "58 (Venezuela) is declared and not open; `pulumi up` opens it.",
        "7 (Kazakhstan, Russia) is declared and not open; `pulumi up` opens it.",
    ]
    assert calls(sandbox) == ["GET catalogue", "GET"]


@pytest.mark.parametrize("given", [["999"], "36", ["", "36"]])
def test_a_creation_that_is_refused_is_not_foretold(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], given: Any
) -> None:
    sandbox.set_open(["53"])
    failures(whole, {"codes": given})
    assert capsys.readouterr() == ("", "")


def test_check_of_what_exists_tells_nothing_for_diff_will(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.set_open(["53"])
    whole.check(inputs("36"), {"codes": ["36", "7"]})
    assert capsys.readouterr() == ("", "")


def test_two_hundred_codes_are_checked_and_foretold_with_two_calls(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(ALL_CODES) >= 215
    assert failures(whole, {"codes": ALL_CODES}) == []
    assert calls(sandbox) == ["GET catalogue", "GET"]
    assert len(capsys.readouterr().err.splitlines()) == len(ALL_CODES)


def test_a_code_that_nobody_has_a_name_for_is_told_by_its_digits(
    whole: AllowedDirectionsProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures(whole, {"codes": ["999"]}, olds=inputs("999")) == []
    whole.diff("allowed-directions", outputs(), inputs("999"))
    assert capsys.readouterr().err == "999 is declared and not open; `pulumi up` opens it.\n"
