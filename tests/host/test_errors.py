"""What the engine shows of an error: a foreseen one's text alone, and all of an unforeseen one that the SDK shows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pulumi import dynamic

from plusofon_pulumi.sandbox import Sandbox
from tests.host.conftest import StartHost, stack_of
from tests.host.host import CUBA, HUNGARY, ID, Host, at_once, refused, secret, state, whole

# How the SDK's host shows an error; `test_plugin` has the same of the native plugin.
pytestmark = pytest.mark.parametrize("hosts", [Host], indirect=True)


# An SDK's host answers an exception with its traceback; that of 3.216 still with its text alone.
HOST = Path(dynamic.__file__).with_name("__main__.py")
SHOWS_TRACEBACKS = "format_exc" in HOST.read_text(encoding="utf-8")


def text_alone(kind: str, text: str) -> str:
    """Return what the engine shows of an error of ours."""
    return f"plusofon_pulumi.{kind}: {text}\n" if SHOWS_TRACEBACKS else f"Exception calling application: {text}"


def is_unforeseen(shown: str) -> bool:
    """Return True if a KeyError for «code» is shown with all that this SDK shows."""
    if SHOWS_TRACEBACKS:
        return shown.startswith("Traceback") and "plusofon_pulumi/provider" in shown and "KeyError: 'code'" in shown
    return shown == "Exception calling application: 'code'"


def calls_of(host: Host) -> list[tuple[Callable[[], Any], str]]:
    """Return calls that need the account, and what is not done if it refuses the token."""
    return [
        (lambda: host.diff("36", HUNGARY, {"code": "36"}), ""),
        (lambda: host.read("36", HUNGARY), ""),
        (lambda: host.create({"code": "36"}), "36 was not opened: "),
        (lambda: host.update("36", HUNGARY, {"code": "36"}), "36 was not opened: "),
        (lambda: host.delete("53", CUBA), "53 was not closed: "),
        (lambda: host.diff(ID, whole(**state(HUNGARY)), whole(["36"])), ""),
        (lambda: host.read(ID, whole(**state(HUNGARY))), ""),
        (lambda: host.create(whole(["36"])), "the open directions were not changed: "),
        (lambda: host.delete(ID, whole(**state(CUBA, on_destroy="close"))), "53 was not closed: "),
    ]


def test_a_refused_token_is_one_line_of_text_from_each_of_150_calls_at_once(start: StartHost, sandbox: Sandbox) -> None:
    sandbox.set_readings({"R9": "403"})
    host = start({**stack_of(sandbox), "plusofon:token": secret("a-token-of-yesterday")})
    remedy = (
        "the answer is 403, «Недостаточно прав». Check the token of plusofon:token in the stack's configuration (the "
        "account shows it under «Разработчикам → Доступ к API»); refresh and destroy use what the last `pulumi up` "
        "stored (`--run-program` uses the current one)."
    )
    calls = (calls_of(host) * 17)[:150]
    shown = at_once([partial(refused, call) for call, _ in calls])
    for text, (_, not_done) in zip(shown, calls, strict=True):
        told = f"{not_done}GET {sandbox.url}/api/v1/direction: {remedy}"
        assert text == text_alone("PermissionDeniedError", told)
    assert host.stderr == ""


def test_calls_that_succeed_meanwhile_bring_no_traceback_back(host: Host, sandbox: Sandbox) -> None:
    sandbox.set_open(["36"])
    failing = [partial(refused, host.create, {"code": f"999{number}"}) for number in range(60)]
    passing = partial(host.diff, "36", HUNGARY, {"code": "36"})
    shown = at_once([call for each in failing for call in (each, passing)])
    expected = text_alone("UnknownDirectionError", "999").rstrip("\n")
    assert [text for text in shown[::2] if not str(text).startswith(expected) or "Traceback" in str(text)] == []


def test_an_unforeseen_error_is_shown_whole_before_and_right_after_a_foreseen_one(host: Host) -> None:
    assert is_unforeseen(refused(host.create, {"cod": "36"}))
    for _ in range(5):
        assert "999 was not opened" in refused(host.create, {"code": "999"})
        assert is_unforeseen(refused(host.update, "36", HUNGARY, {}))
