"""Settings: what may be one, where each is found, and that a refusal names the source and shows no value."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import traceback
from typing import Any

import pytest

from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.errors import ConfigurationError
from plusofon_pulumi.settings import (
    DEFAULT_BASE_URL,
    DEFAULT_CLIENT_ID,
    ENVIRONMENT_KEY,
    PROVIDER_KEY,
    SOURCES,
    Settings,
    is_close_only,
)

ENVIRONMENT = {"PLUSOFON_TOKEN": "env", "PLUSOFON_CLIENT_ID": "200", "PLUSOFON_BASE_URL": "https://env.example"}
STACK = {"plusofon:token": "stack", "plusofon:clientId": "100", "plusofon:baseUrl": "https://stack.example"}
OWN = {**STACK, PROVIDER_KEY: "second"}
DEFAULTS = (DEFAULT_CLIENT_ID, DEFAULT_BASE_URL)


def refusal(**given: Any) -> str:
    """Return why settings are refused, after seeing that the value is in nothing that is shown."""
    with pytest.raises(ConfigurationError) as caught:
        Settings(**{"token": "t", **given})
    assert "secret" not in "".join(traceback.format_exception(caught.value)).casefold()
    assert caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    "stack, environment, values, sources",
    [
        (STACK, ENVIRONMENT, ("stack", "100", "https://stack.example"), ("stack", "stack", "stack")),
        ({}, ENVIRONMENT, ("env", "200", "https://env.example"), ("env", "env", "env")),
        ({"plusofon:token": "t"}, ENVIRONMENT, ("t", "200", "https://env.example"), ("stack", "env", "env")),
        ({"plusofon:token": "t"}, {"PLUSOFON_CLIENT_ID": " "}, ("t", *DEFAULTS), ("stack", None, None)),
        # As a number, typed without quotes, arrives.
        ({"plusofon:token": "t", "plusofon:clientId": 77.0}, {}, ("t", "77", DEFAULTS[1]), ("stack", "stack", None)),
        # A Provider's own, and nothing of the environment's.
        (OWN, ENVIRONMENT, ("stack", "100", "https://stack.example"), ("own", "own", "own")),
        ({PROVIDER_KEY: "second", "plusofon:token": " t\n"}, ENVIRONMENT, ("t", *DEFAULTS), ("own", None, None)),
        # In the native plugin, the environment's for what a Provider leaves out; its token it must have.
        ({**OWN, ENVIRONMENT_KEY: True}, ENVIRONMENT, ("stack", "100", "https://stack.example"), ("own", "own", "own")),
        (
            {PROVIDER_KEY: "second", "plusofon:token": "t", ENVIRONMENT_KEY: True},
            ENVIRONMENT,
            ("t", "200", "https://env.example"),
            ("own", "env", "env"),
        ),
    ],
)
def test_a_setting_is_of_stack_environment_or_default(stack: Any, environment: Any, values: Any, sources: Any) -> None:
    settings = Settings.from_config(stack.get, environment)
    assert (settings.token, settings.client_id, settings.base_url) == values
    for (setting, (key, variable)), source in zip(SOURCES.items(), sources, strict=True):
        named = {"stack": f"{key} in the stack's configuration", "env": f"the environment variable {variable}"}
        words = {**named, "own": 'the Provider "second"'}
        assert settings.source(setting) == words.get(str(source), "the default")


@pytest.mark.parametrize(
    "stack, environment, says",
    [
        ({}, {}, "there is no Plusofon token: run `pulumi config set --secret plusofon:token`, or set the"),
        ({}, {"PLUSOFON_TOKEN": " \n"}, "there is no Plusofon token: "),
        *(({**STACK, key: " "}, ENVIRONMENT, f"{key} is set in the stack's configuration, but") for key in STACK),
        *(
            (
                {**OWN, "plusofon:token": no, ENVIRONMENT_KEY: True},
                ENVIRONMENT,
                'the Provider "second" has no token: give it',
            )
            for no in (None, " ")
        ),
        ({**OWN, "plusofon:clientId": ""}, {}, 'the client id, of the Provider "second", is not a number'),
        ({"plusofon:token": "<x>"}, {}, "the Plusofon token, of plusofon:token in the stack's configuration, "),
        ({}, {"PLUSOFON_TOKEN": "'x'"}, "the Plusofon token, of the environment variable PLUSOFON_TOKEN, has quotes"),
    ],
)
def test_what_cannot_work_is_refused_with_where_it_came_from(stack: Any, environment: Any, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_config(stack.get, environment)
    assert str(caught.value).startswith(says)


NO_TOKENS = ['"secret"', "'secret'", "<secret>", "«secret»", 'secret"', "token=secret", "TOKEN: secret", "sec\tret"]
NO_TOKENS += ["Bearer: secret", "Bearer secret", "Authorization: Bearer secret", "sec\nret", "secret\x00"]
NO_TOKENS += ["\ufeffsecret", "secret\u200b", "secretТ", "secret\r\nX-Evil: 1"]


def test_what_can_be_no_token_is_refused_and_any_other_taken_without_the_space_around_it() -> None:
    for token in NO_TOKENS:
        assert refusal(token=token).startswith("the Plusofon token, of the program, has quotes, white space or chara")
    assert refusal(token=" \n") == "the Plusofon token, of the program, is empty"
    for token in ("12|AbC", "a.b-c_d", "x/y+z==", "bearer", "tokenise", " \u00a0abc\n"):
        assert Settings(token).token == token.strip()


def test_a_client_id_is_a_number() -> None:
    for client_id in ("", "10 553", "secret", "10553a", "+1", "1.5", "١"):
        assert refusal(client_id=client_id) == "the client id, of the program, is not a number such as 10553"


def test_https_may_go_anywhere_and_http_to_this_machine() -> None:
    for url in ("https://restapi.plusofon.ru", "https://a.example:8443/x", "https://[::2]:443", "https://localhost.ru"):
        for end in ("", "/", "/api/v1", "/api/v1/\n"):
            assert Settings("t", base_url=f" {url}{end}").base_url == url
    for url in ("http://LOCALHOST:8080", "http://127.255.255.254", "http://[::1]:8080"):
        assert Settings("t", base_url=url).base_url == url


PLAIN = "http://restapi.plusofon.ru http://10.0.0.1 http://0.0.0.0 http://127.0.0.1.example http://[2001:db8::1]"
USERS = "https://user:secret@a.example https://@a.example http://127.0.0.1@a.example https://secret@[a secret@a.example"
NO_URLS = [
    *("", "restapi.plusofon.ru", "//a.example", "ftp://a.example", "file:///secret", "https://", "https:///api"),
    *("https://a.example?secret", "https://a.example/#x", "https://a .example", "https://a\n.example/secret"),
    *("https://a\u200b.example", "https://[::1", "https://a.example:secret", "https://a.example:123456", "secret://a"),
]


def test_any_other_base_url_is_refused() -> None:
    for urls, mistake in [
        (PLAIN.split(), "would send the token unencrypted: use https"),
        (USERS.split(), "must not hold a user name or a password"),
        (NO_URLS, f"is not a URL such as {DEFAULT_BASE_URL}, without a query, a fragment or white"),
    ]:
        for url in urls:
            assert refusal(base_url=url).startswith(f"the base URL, of the program, {mistake}")


def test_without_a_stack_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUSOFON_TOKEN", "own")
    assert Settings.from_environment() == PlusofonClient().settings == Settings("own", sources={"token": "elsewhere"})


def test_the_token_is_in_no_text_and_no_pickle_and_settings_are_a_key() -> None:
    settings = Settings("secret")
    assert "secret" not in f"{settings}{settings!r}"
    for attempt in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="Settings hold a token and are not pickled"):
            attempt(settings)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.token = "other"  # type: ignore[misc]  # what is tested
    assert {settings: 1}[Settings(" secret\n", base_url=f"{DEFAULT_BASE_URL}/")] == 1


def test_a_run_that_only_closes_is_asked_for_by_the_environment() -> None:
    assert not is_close_only({})
    values = {"": False, "0": False, "False": False, "no": False, "1": True, " yes ": True}
    assert {value: is_close_only({"PLUSOFON_CLOSE_ONLY": value}) for value in values} == values
