"""Where the token, the client id and the base URL come from."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.host.conftest import StartHost, stack_of
from tests.host.host import Host, secret
from tests.host.properties import refused, whole
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


def accepted(host: Host, sandbox: Sandbox) -> bool:
    """Return True if the sandbox, which checks token and client id, has answered well."""
    assert host.check({"code": "36"}).failures == []
    return {request.status for request in sandbox.requests} == {200}


@pytest.mark.parametrize("client_id", ["777", 777.0, secret("777")], ids=["text", "number", "secret"])
def test_the_stacks_configuration_gives_token_client_and_url_before_the_environment(
    start: StartHost, client_id: Any
) -> None:
    with Sandbox(client_id="777") as other:
        config = {"plusofon:token": secret(f"  {other.token}\n"), "plusofon:clientId": client_id}
        assert accepted(start({**config, "plusofon:baseUrl": secret(f"{other.url}/api/v1/")}, env=ELSEWHERE), other)


def test_what_the_stack_does_not_say_comes_from_the_environment(start: StartHost, sandbox: Sandbox) -> None:
    env = {"PLUSOFON_TOKEN": sandbox.token, "PLUSOFON_CLIENT_ID": "10553", "PLUSOFON_BASE_URL": sandbox.url}
    assert accepted(start({"test:token": "of another package"}, env=env), sandbox)
    assert accepted(start({"plusofon:token": secret(sandbox.token)}, env={"PLUSOFON_BASE_URL": sandbox.url}), sandbox)


def test_without_a_token_every_call_fails_with_one_sentence(start: StartHost) -> None:
    host = start({})
    for checked in (host.check({"code": "36"}), host.check(whole(["36"]))):
        assert checked.failures == [("", NO_TOKEN)]
    for call, _ in calls_of(host):
        text = refused(call)
        assert NO_TOKEN in text
        assert "Traceback" not in text
    assert host.stderr == ""


def test_a_provider_of_one_s_own_is_named_and_never_takes_the_environment_s_token(
    start: StartHost, sandbox: Sandbox
) -> None:
    host = start({"plusofon:provider": "second"}, env={"PLUSOFON_TOKEN": sandbox.token})
    [(_, reason)] = host.check({"code": "36"}).failures
    assert reason.startswith('the Provider "second" has no token: give it one as `token=`')
    host = start({**stack_of(sandbox), "plusofon:provider": "second"})
    host.check({"code": "36"})
    assert host.lines == ['Provider "second": will open 36 (Hungary)']
