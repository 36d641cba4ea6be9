"""What both providers say: messages, and errors with and without their tracebacks."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest

from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider, base
from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from tests.unit.conftest import Plugin
from tests.unit.support import PAYLOAD
from tests.unit.whole_list import inputs, outputs


def fail(plugin: Plugin) -> None:
    with pytest.raises(PlusofonError):
        plugin.whole.create(inputs("999"))


def in_a_thread(act: Callable[[], object]) -> None:
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def limit() -> int | None:
    return getattr(sys, "tracebacklimit", None)


# Messages


def test_a_missing_code_is_told_with_an_example(single: AllowedDirectionProvider, sandbox: Sandbox) -> None:
    [failure] = single.check({}, {**PAYLOAD}).failures
    assert (failure.property, failure.reason) == ("code", 'it is missing: give the calling code to open, such as "36"')
    assert sandbox.calls() == 0


@pytest.mark.parametrize("act", ["create", "update"])
def test_an_opening_that_nobody_could_look_at_is_told(
    single: AllowedDirectionProvider, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], act: str
) -> None:
    sandbox.fail_next(1, "status:401", method="GET", path=ALLOWED_PATH, skip=1)
    single.create({"code": "36"}) if act == "create" else single.update("36", {}, {"code": "36"})
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("Plusofon answered that 36 (Hungary) was opened, but its list could not be read: GET ")


def test_messages_of_many_threads_are_whole_lines_and_each_once(
    whole: AllowedDirectionsProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    threads = [threading.Thread(target=whole.delete, args=("", outputs("36", "7", "53", "58"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = capsys.readouterr().err.splitlines()
    assert sorted(line.split()[0] for line in lines) == ["36", "53", "58", "7"]
    assert all(line.endswith(' stays open: on_destroy is "retain".') for line in lines)


# Tracebacks


def test_the_whole_list_s_foreseen_errors_leave_without_a_traceback_and_unforeseen_ones_with_it(plugin: Plugin) -> None:
    acts: list[Callable[[], object]] = [
        lambda: plugin.whole.create({}),
        lambda: plugin.whole.update("", {}, {}),
    ]
    for act in acts:
        fail(plugin)
        assert limit() == 0
        with pytest.raises(KeyError):
            act()
        assert limit() is None


def test_errors_that_leave_two_threads_are_both_without_a_traceback_until_both_are_printed(plugin: Plugin) -> None:
    fail(plugin)
    in_a_thread(lambda: fail(plugin))
    plugin.whole.check({}, {"codes": []})
    assert limit() == 0, "the other thread's error may not be printed yet"
    with pytest.raises(KeyError):
        plugin.whole.create({})
    assert limit() is None


def test_an_error_counts_as_printed_after_a_second(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_thread(lambda: fail(plugin))
    plugin.whole.check({}, {"codes": []})
    assert limit() == 0
    monkeypatch.setattr(base._Tracebacks, "PRINTED_AFTER", -1.0)
    plugin.whole.check({}, {"codes": []})
    assert limit() is None


def test_a_limit_that_somebody_has_set_comes_back(plugin: Plugin) -> None:
    sys.tracebacklimit = 7
    for _ in range(2):
        fail(plugin)
    assert limit() == 0
    plugin.whole.check({}, {"codes": []})
    assert limit() == 7
