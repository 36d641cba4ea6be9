"""What state holds of a provider: a constant reference to our class, and nothing that could be a secret."""

from __future__ import annotations

import base64
import pickletools
from typing import Any

import dill
import pytest
from pulumi.dynamic.dynamic import serialize_provider

from plusofon_pulumi import identity
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from plusofon_pulumi.sandbox import Sandbox
from tests import frozen
from tests.host.conftest import StartHost, stack_of

GOLDEN: list[tuple[type[Any], str, str]] = [
    (AllowedDirectionProvider, frozen.DIRECTION_PROVIDER, identity.DIRECTION_PROVIDER),
    (AllowedDirectionsProvider, frozen.DIRECTIONS_PROVIDER, identity.DIRECTIONS_PROVIDER),
]


@pytest.mark.parametrize("provider, golden, constant", GOLDEN)
def test_state_holds_a_reference_to_our_class_without_arguments_and_state(
    monkeypatch: pytest.MonkeyPatch, provider: type[Any], golden: str, constant: str
) -> None:
    monkeypatch.setenv("PLUSOFON_TOKEN", "t0ken-of-the-environment")
    assert serialize_provider(provider()) == golden == constant
    assert type(dill.loads(base64.b64decode(golden))) is provider  # noqa: S301  # our own constant
    assert provider.serialize_as_secret_always is False
    operations = [
        (operation.name, argument)
        for operation, argument, _ in pickletools.genops(base64.b64decode(golden))
        if operation.name not in ("PROTO", "FRAME", "MEMOIZE")
    ]
    assert operations == [
        ("SHORT_BINUNICODE", "plusofon_pulumi.provider"),
        ("SHORT_BINUNICODE", provider.__name__),
        *((name, None) for name in ("STACK_GLOBAL", "EMPTY_TUPLE", "REDUCE", "STOP")),
    ]


@pytest.mark.parametrize("source", ["stack", "environment"])
def test_a_token_that_the_api_itself_quotes_is_not_shown(start: StartHost, sandbox: Sandbox, source: str) -> None:
    """Every host of these tests ends with a look for the token in all that it has printed."""
    sandbox.fail_next(9, "echo:401")
    env = {"PLUSOFON_TOKEN": sandbox.token, "PLUSOFON_BASE_URL": sandbox.url}
    host = start(stack_of(sandbox)) if source == "stack" else start({}, env=env)
    [(_, reason)] = host.check({"code": "36"}).failures
    assert "Неверный заголовок: Bearer ***" in reason
    assert sandbox.token not in reason
