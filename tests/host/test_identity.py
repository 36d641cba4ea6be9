"""What state holds of a provider: a constant reference to our class, and nothing that could be a secret."""

from __future__ import annotations

import base64
import os
import pickletools

import dill
import pytest
from pulumi.dynamic.dynamic import serialize_provider

from plusofon_pulumi.provider import AllowedDirectionProvider
from plusofon_pulumi.sandbox import Sandbox
from tests.frozen import DIRECTION_PROVIDER
from tests.host.conftest import StartHost
from tests.host.host import Host


@pytest.mark.parametrize("variables", [{}, {"PLUSOFON_TOKEN": "t0ken-of-the-environment"}], ids=["no token", "a token"])
def test_the_serialized_provider_is_the_constant_that_stacks_hold(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert serialize_provider(AllowedDirectionProvider()) == DIRECTION_PROVIDER


def test_the_constant_is_a_reference_to_our_class_without_arguments_and_state() -> None:
    operations = [
        (operation.name, argument)
        for operation, argument, _ in pickletools.genops(base64.b64decode(DIRECTION_PROVIDER))
        if operation.name not in ("PROTO", "FRAME", "MEMOIZE")
    ]
    assert operations == [
        ("SHORT_BINUNICODE", "plusofon_pulumi.provider"),
        ("SHORT_BINUNICODE", "AllowedDirectionProvider"),
        ("STACK_GLOBAL", None),
        ("EMPTY_TUPLE", None),
        ("REDUCE", None),
        ("STOP", None),
    ]


def test_the_constant_loads_as_what_is_installed_now() -> None:
    assert type(dill.loads(base64.b64decode(DIRECTION_PROVIDER))) is AllowedDirectionProvider  # noqa: S301  # our own constant


def test_the_provider_is_not_made_a_secret_in_state() -> None:
    assert AllowedDirectionProvider.serialize_as_secret_always is False


def test_a_providers_token_does_not_come_back_with_its_answers(host: Host, sandbox: Sandbox) -> None:
    made = host.create(host.check({"code": "36"}).inputs)
    found = host.read(made.id, made.outputs)
    assert sandbox.token not in f"{made} {found}"
    assert set(made.outputs) == {"code", "name", "english_name"}


@pytest.mark.parametrize("fault", ["echo:401", "echo:400"])
def test_a_token_that_the_api_itself_quotes_is_not_shown(start: StartHost, sandbox: Sandbox, fault: str) -> None:
    sandbox.fail_next(9, fault)
    [(_, reason)] = start().check({"code": "36"}).failures
    assert "Неверный заголовок: Bearer ***" in reason
    assert sandbox.token not in reason


def test_a_token_of_the_environment_is_not_shown_either(start: StartHost, sandbox: Sandbox) -> None:
    sandbox.fail_next(9, "echo:401")
    env = {"PLUSOFON_TOKEN": sandbox.token, "PLUSOFON_BASE_URL": sandbox.url}
    [(_, reason)] = start(config={}, env=env).check({"code": "36"}).failures
    assert "***" in reason
    assert sandbox.token not in reason
    assert "PLUSOFON_TOKEN" not in os.environ
