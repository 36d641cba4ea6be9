"""`PLUSOFON_LOG=debug` writes one line about each request; without it nothing is written."""

from __future__ import annotations

import re

import pytest

from plusofon_pulumi import PlusofonClient, Settings
from plusofon_pulumi.client import transport
from plusofon_pulumi.sandbox import Sandbox

LINE = re.compile(r"plusofon: (GET|PUT|DELETE) (/api/v1/directions?) (\d{3}|no answer) \d+ ms attempt (\d)")


def test_each_attempt_is_a_line_with_its_outcome_and_without_the_token(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.001)
    monkeypatch.setenv("PLUSOFON_LOG", "debug")
    with Sandbox(open=["36"]) as sandbox:
        client = PlusofonClient(Settings(token=sandbox.token, base_url=sandbox.url))
        sandbox.fail_next(1, fault="status:503")
        sandbox.fail_next(1, fault="reset")
        client.get_allowed_directions()
        client.deny_directions(["36"])
        client.close()
        written = capfd.readouterr().err
        assert [match.groups() for match in map(LINE.fullmatch, written.splitlines()) if match] == [
            ("GET", "/api/v1/direction", "503", "1"),
            ("GET", "/api/v1/direction", "no answer", "2"),
            ("GET", "/api/v1/direction", "200", "3"),
            ("DELETE", "/api/v1/direction", "200", "1"),
        ]
        assert len(written.splitlines()) == 4
        assert sandbox.token not in written


@pytest.mark.parametrize("value", [None, "", "off"])
def test_nothing_is_written_by_default(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv("PLUSOFON_LOG", value)
    with Sandbox() as sandbox:
        client = PlusofonClient(Settings(token=sandbox.token, base_url=sandbox.url))
        client.get_directions()
        client.close()
    assert capfd.readouterr().err == ""
