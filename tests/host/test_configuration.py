"""Where the token, the client id and the base URL come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.host.conftest import StartHost, stack_of
from tests.host.host import Host, RefusedError, secret

OUTPUTS = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
NO_TOKEN = (
    "there is no Plusofon token: run `pulumi config set --secret plusofon:token`, or set the environment variable "
    "PLUSOFON_TOKEN (the account shows the token under «Разработчикам → Доступ к API»)"
)
ELSEWHERE = {
    "PLUSOFON_TOKEN": "a-stray-token",
    "PLUSOFON_CLIENT_ID": "1",
    "PLUSOFON_BASE_URL": "https://stray.invalid",
}


def accepted(host: Host, sandbox: Sandbox) -> bool:
    """Tell whether the sandbox, which checks token and client id, has answered a call well."""
    host.check({"code": "36"})
    return [request.status for request in sandbox.requests] == [200]


@pytest.mark.parametrize("client_id", ["777", 777.0, secret("777")], ids=["text", "number", "secret"])
def test_the_stacks_configuration_gives_token_client_and_url(start: StartHost, client_id: Any) -> None:
    with Sandbox(client_id="777") as other:
        host = start(
            {
                "plusofon:token": secret(f"  {other.token}\n"),
                "plusofon:clientId": client_id,
                "plusofon:baseUrl": secret(f"{other.url}/"),
            }
        )
        assert accepted(host, other)


def test_the_stacks_configuration_beats_the_environment(start: StartHost, sandbox: Sandbox) -> None:
    host = start({**stack_of(sandbox), "plusofon:clientId": "10553"}, env=ELSEWHERE)
    assert accepted(host, sandbox)


def test_what_the_stack_does_not_say_comes_from_the_environment(start: StartHost) -> None:
    with Sandbox(client_id="777") as other:
        env = {"PLUSOFON_TOKEN": other.token, "PLUSOFON_CLIENT_ID": "777", "PLUSOFON_BASE_URL": other.url}
        assert accepted(start({"test:token": "of another package"}, env=env), other)


def test_each_setting_has_its_own_source(start: StartHost, sandbox: Sandbox) -> None:
    host = start({"plusofon:token": secret(sandbox.token)}, env={"PLUSOFON_BASE_URL": sandbox.url})
    assert accepted(host, sandbox)


def test_without_a_token_check_fails_with_one_sentence_and_every_other_call_with_the_same(start: StartHost) -> None:
    host = start({})
    checked = host.check({"code": "36"})
    assert checked.failures == [("", NO_TOKEN)]
    assert checked.inputs == {"code": "36"}
    calls: list[Callable[[], object]] = [
        lambda: host.create({"code": "36"}),
        lambda: host.read("36", OUTPUTS),
        lambda: host.update("36", OUTPUTS, {"code": "36"}),
        lambda: host.delete("36", OUTPUTS),
        lambda: host.diff("36", OUTPUTS, {"code": "36"}),
    ]
    for call in calls:
        with pytest.raises(RefusedError) as refused:
            call()
        assert NO_TOKEN in str(refused.value)
        assert "Traceback" not in str(refused.value)
    assert host.stderr == ""


def test_a_code_that_no_catalogue_could_have_is_refused_without_a_token_too(start: StartHost) -> None:
    [(property_, reason)] = start({}).check({"code": "00"}).failures
    assert property_ == "code"
    assert "leave it out" in reason


def test_a_token_over_plain_http_is_refused_before_it_is_sent(start: StartHost, sandbox: Sandbox) -> None:
    host = start({"plusofon:token": secret(sandbox.token), "plusofon:baseUrl": "http://restapi.plusofon.ru"})
    [(property_, reason)] = host.check({"code": "36"}).failures
    assert property_ == ""
    assert reason == "the base URL would send the token unencrypted: use https"


@pytest.mark.parametrize("answer", ["401", "403", "500", "200"])
def test_a_refused_token_is_one_paragraph_in_preview_that_says_what_to_do(
    start: StartHost, sandbox: Sandbox, answer: str
) -> None:
    sandbox.set_readings({"R9": answer})
    host = start({**stack_of(sandbox), "plusofon:token": secret("a-token-of-yesterday")})
    [(property_, reason)] = host.check({"code": "36"}).failures
    assert property_ == ""
    assert "Check the token" in reason
    assert f"({answer})" in reason or f"is {answer}" in reason
    assert "\n" not in reason
    assert "Traceback" not in reason
    assert "a-token-of-yesterday" not in reason
    assert host.stderr == ""
    assert sandbox.calls() == 1
