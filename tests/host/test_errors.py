"""What the engine shows of an error: a foreseen one's text alone, and all of an unforeseen one that the SDK shows."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.host.conftest import StartHost, stack_of
from tests.host.host import Host, RefusedError, at_once, secret

# How the SDK's host shows an error; `test_plugin` has the same of the native plugin.
pytestmark = pytest.mark.parametrize("hosts", [Host], indirect=True)

HUNGARY = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}


def sdk_shows_tracebacks() -> bool:
    """Tell whether this SDK's host answers an exception with its traceback: 3.216 still had its text alone."""
    host = importlib.util.find_spec("pulumi.dynamic.__main__")
    assert host is not None
    assert host.origin is not None
    return "format_exc" in Path(host.origin).read_text(encoding="utf-8")


SHOWS_TRACEBACKS = sdk_shows_tracebacks()


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(RefusedError) as refused:
        call()
    return str(refused.value)


def text_alone(kind: str, text: str) -> str:
    """Return what the engine is told for an error of ours."""
    return f"plusofon_pulumi.{kind}: {text}\n" if SHOWS_TRACEBACKS else f"Exception calling application: {text}"


def is_unforeseen(shown: str) -> bool:
    """Tell whether a KeyError for «code» is shown with all that this SDK shows."""
    if SHOWS_TRACEBACKS:
        return shown.startswith("Traceback") and "plusofon_pulumi/provider" in shown and "KeyError: 'code'" in shown
    return shown == "Exception calling application: 'code'"


def test_a_refused_token_is_one_line_of_text_from_every_call(start: StartHost, sandbox: Sandbox) -> None:
    sandbox.set_readings({"R9": "403"})
    host = start({**stack_of(sandbox), "plusofon:token": secret("a-token-of-yesterday")})
    cause = (
        "GET {} at 127.0.0.1: the answer is 403, «Недостаточно прав». Check the token; the "
        "account shows it under «Разработчикам → Доступ к API»."
    )
    the_list, the_catalogue = cause.format("/api/v1/direction"), cause.format("/api/v1/directions")
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: host.diff("36", HUNGARY, {"code": "36"}), the_list),
        (lambda: host.create({"code": "36"}), f"36 was not opened: {the_catalogue}"),
        (lambda: host.read("36", HUNGARY), the_list),
        (lambda: host.update("36", HUNGARY, {"code": "36"}), f"36 was not opened: {the_catalogue}"),
        (lambda: host.delete("58", {"code": "58"}), f"58 was not closed: {the_list}"),
    ]
    for call, text in calls:
        assert refusal(call) == text_alone("PermissionDeniedError", text)
    assert host.stderr == ""


@pytest.mark.parametrize(
    "method, fault, kind, told",
    [
        ("PUT", "status:400", "BadRequestError", "PUT /api/v1/direction at 127.0.0.1: the answer is 400"),
        ("PUT", "success-false", "UnexpectedResponseError", "says that it failed, «Операция не выполнена»"),
        ("DELETE", "status:500", "PermissionDeniedError", "the answer is 500, «Нет доступа»"),
    ],
)
def test_a_write_that_failed_says_what_was_not_done_and_why(
    host: Host, sandbox: Sandbox, method: str, fault: str, kind: str, told: str
) -> None:
    sandbox.set_open(["58"])
    sandbox.fail_next(9, fault, method=method)
    if method == "PUT":
        shown = refusal(lambda: host.create({"code": "36"}))
        assert shown.startswith(text_alone(kind, "36 (Hungary) was not opened: ").rstrip("\n"))
    else:
        shown = refusal(lambda: host.delete("58", {"code": "58", "english_name": "Venezuela"}))
        assert shown.startswith(text_alone(kind, "58 (Venezuela) was not closed: ").rstrip("\n"))
    assert told in shown
    assert "Traceback" not in shown
    assert shown.count("\n") == int(SHOWS_TRACEBACKS)
    assert host.stderr == ""


def test_sixty_calls_that_fail_at_once_show_no_traceback(start: StartHost, sandbox: Sandbox) -> None:
    host = start({**stack_of(sandbox), "plusofon:token": secret("a-token-of-yesterday")})
    each: list[Callable[[], Any]] = [
        lambda: host.diff("36", HUNGARY, {"code": "36"}),
        lambda: host.create({"code": "36"}),
        lambda: host.read("36", HUNGARY),
        lambda: host.update("36", HUNGARY, {"code": "36"}),
        lambda: host.delete("36", HUNGARY),
    ]
    shown = at_once([partial(refusal, call) for call in each * 12])
    assert [text for text in shown if "the answer is 401" not in text or "Traceback" in text or 'File "' in text] == []
    assert host.stderr == ""


def test_calls_that_succeed_meanwhile_bring_no_traceback_back(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    failing = [partial(refusal, partial(host.create, {"code": f"999{number}"})) for number in range(60)]
    shown = at_once(
        [call for each in failing for call in (each, lambda: str(host.diff("36", HUNGARY, HUNGARY).changes))]
    )
    assert shown[1::2] == ["False"] * 60
    expected = text_alone("UnknownDirectionError", "999").rstrip("\n")
    assert [text for text in shown[::2] if not text.startswith(expected) or "Traceback" in text] == []


def test_an_unforeseen_error_is_shown_whole_before_and_right_after_a_foreseen_one(host: Host) -> None:
    assert is_unforeseen(refusal(lambda: host.create({"cod": "36"})))
    for _ in range(5):
        assert "999 was not opened" in refusal(lambda: host.create({"code": "999"}))
        assert is_unforeseen(refusal(lambda: host.update("36", HUNGARY, {})))
