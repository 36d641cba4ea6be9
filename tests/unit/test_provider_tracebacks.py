"""Errors leave a provider in plain words without a traceback if they are foreseen, and with it if not."""

from __future__ import annotations

import sys
import traceback

from tests.unit.conftest import Plugin
from tests.unit.support import came, start


def limit() -> int | None:
    return getattr(sys, "tracebacklimit", None)


def shown(plugin: Plugin, code: str | None) -> str:
    """Return what the host prints for a create that fails."""
    try:
        plugin.single.create({} if code is None else {"code": code})
    except Exception:  # noqa: BLE001  # as the host does
        return traceback.format_exc()
    raise AssertionError


def test_a_foreseen_error_is_its_text_alone_and_the_next_call_restores_tracebacks(plugin: Plugin) -> None:
    for _ in range(2):
        text = shown(plugin, "999")
        assert text.startswith("plusofon_pulumi.UnknownDirectionError: 999 was not opened: Plusofon's catalogue has no")
        assert text.count("\n") == 1
        assert limit() == 0
        plugin.single.check({}, {"code": "36"})
        assert limit() is None


def test_an_unforeseen_error_keeps_its_traceback_before_and_after_a_foreseen_one(plugin: Plugin) -> None:
    for _ in range(2):
        text = shown(plugin, None)
        assert text.startswith("Traceback")
        assert "KeyError: 'code'" in text
        assert came(start(lambda: shown(plugin, "999"))).startswith("plusofon_pulumi.")


def test_what_check_reports_leaves_tracebacks_alone(plugin: Plugin) -> None:
    assert plugin.single.check({}, {"code": "999"}).failures
    assert limit() is None
