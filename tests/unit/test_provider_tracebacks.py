"""Errors leave a provider in plain words without a traceback if they are foreseen, and with it if not."""

from __future__ import annotations

import sys
import traceback

from tests.unit.conftest import Plugin
from tests.unit.support import came, start


def shown(plugin: Plugin, **props: str) -> str:
    """Return what the host prints for a create that fails."""
    try:
        plugin.single.create(props)
    except Exception:  # noqa: BLE001  # as the host does
        return traceback.format_exc()
    raise AssertionError


def test_only_a_foreseen_error_is_its_text_alone_in_whatever_order_they_come(plugin: Plugin) -> None:
    for _ in range(2):
        text = came(start(lambda: shown(plugin, code="999")))
        assert text.startswith("plusofon_pulumi.UnknownDirectionError: 999 was not opened: Plusofon's catalogue has no")
        assert text.count("\n") == 1
        assert sys.tracebacklimit == 0
        text = shown(plugin)
        assert text.startswith("Traceback")
        assert "KeyError: 'code'" in text


def test_the_next_call_restores_tracebacks_and_a_failed_check_leaves_them_alone(plugin: Plugin) -> None:
    shown(plugin, code="999")
    assert plugin.single.check({}, {"code": "999"}).failures
    assert not hasattr(sys, "tracebacklimit")
