"""What the engine gives to a provider, and what state holds of one: settings, and a constant without any."""

from __future__ import annotations

import base64
from typing import Any

import dill
import pytest
from pulumi.dynamic.dynamic import serialize_provider

from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from plusofon_pulumi.sandbox import Sandbox
from tests import frozen
from tests.host.conftest import StartHost
from tests.host.host import refused, secret, whole
from tests.host.test_errors import calls_of

NO_TOKEN = (
    "there is no Plusofon token: run `pulumi config set --secret plusofon:token`, or set the environment variable "
    "PLUSOFON_TOKEN (the account shows it under «Разработчикам → Доступ к API»)"
)
ELSEWHERE = {
    "PLUSOFON_TOKEN": "a-stray-token",
    "PLUSOFON_CLIENT_ID": "1",
    "PLUSOFON_BASE_URL": "https://stray.invalid",
}


@pytest.mark.parametrize("client_id", ["777", 777.0, secret("777")], ids=["text", "number", "secret"])
def test_the_stack_s_configuration_comes_before_the_environment(start: StartHost, client_id: Any) -> None:
    with Sandbox(client_id="777") as other:
        config = {"plusofon:token": secret(f"  {other.token}\n"), "plusofon:clientId": client_id}
        host = start({**config, "plusofon:baseUrl": secret(f"{other.url}/api/v1/")}, env=ELSEWHERE)
        assert host.check({"code": "36"}).failures == []
        # It checks token and client id.
        assert {request.status for request in other.requests} == {200}


def test_without_a_token_every_call_fails_with_one_sentence(start: StartHost) -> None:
    host = start({})
    for checked in (host.check({"code": "36"}), host.check(whole(["36"]))):
        assert checked.failures == [("", NO_TOKEN)]
    for call, _ in calls_of(host):
        text = refused(call)
        assert NO_TOKEN in text
        assert "Traceback" not in text
    assert host.stderr == ""


STORED = {
    AllowedDirectionProvider: frozen.DIRECTION_PROVIDER,
    AllowedDirectionsProvider: frozen.DIRECTIONS_PROVIDER,
}


@pytest.mark.parametrize("provider, kept", STORED.items())
def test_state_holds_our_class_and_no_setting(monkeypatch: pytest.MonkeyPatch, provider: type[Any], kept: str) -> None:
    monkeypatch.setenv("PLUSOFON_TOKEN", "t0ken-of-the-environment")
    assert serialize_provider(provider()) == kept
    assert type(dill.loads(base64.b64decode(kept))) is provider  # noqa: S301  # our own constant
    assert provider.serialize_as_secret_always is False
