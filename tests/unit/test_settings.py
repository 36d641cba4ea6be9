"""Settings: where they come from, what is refused, and that the token is not shown."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
import traceback
from typing import Any

import pytest

from plusofon_pulumi.errors import ConfigurationError
from plusofon_pulumi.settings import DEFAULT_BASE_URL, DEFAULT_CLIENT_ID, SOURCES, Settings

ENVIRONMENT = {
    "PLUSOFON_TOKEN": "env-token",
    "PLUSOFON_CLIENT_ID": "200",
    "PLUSOFON_BASE_URL": "https://env.example",
}
STACK = {
    "plusofon:token": "stack-token",
    "plusofon:clientId": "100",
    "plusofon:baseUrl": "https://stack.example",
}


def told(settings: Settings) -> tuple[str, str, str]:
    return settings.token, settings.client_id, settings.base_url


@pytest.mark.parametrize(
    "stack,environment,expected",
    [
        (STACK, ENVIRONMENT, ("stack-token", "100", "https://stack.example")),
        (STACK, {}, ("stack-token", "100", "https://stack.example")),
        ({}, ENVIRONMENT, ("env-token", "200", "https://env.example")),
        ({"plusofon:token": "t"}, {}, ("t", DEFAULT_CLIENT_ID, DEFAULT_BASE_URL)),
        ({"plusofon:token": "t"}, ENVIRONMENT, ("t", "200", "https://env.example")),
        ({"plusofon:clientId": "100"}, ENVIRONMENT, ("env-token", "100", "https://env.example")),
        ({"plusofon:token": "t", "plusofon:clientId": 10553.0}, {}, ("t", "10553", DEFAULT_BASE_URL)),
        ({"plusofon:token": "t", "plusofon:clientId": 10553}, {}, ("t", "10553", DEFAULT_BASE_URL)),
        ({"plusofon:token": "t", "plusofon:other": "x", "token": "y"}, {}, ("t", DEFAULT_CLIENT_ID, DEFAULT_BASE_URL)),
        (
            {"plusofon:token": "t"},
            {"PLUSOFON_TOKEN": "", "PLUSOFON_CLIENT_ID": " ", "PLUSOFON_BASE_URL": "\n"},
            ("t", DEFAULT_CLIENT_ID, DEFAULT_BASE_URL),
        ),
    ],
)
def test_the_stack_comes_before_the_environment_before_the_default(
    stack: dict[str, Any], environment: dict[str, str], expected: tuple[str, str, str]
) -> None:
    assert told(Settings.from_config(stack.get, environment)) == expected


def test_without_a_stack_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(Settings.from_environment(ENVIRONMENT)) == ("env-token", "200", "https://env.example")
    monkeypatch.setenv("PLUSOFON_TOKEN", "own")
    assert told(Settings.from_environment()) == ("own", DEFAULT_CLIENT_ID, DEFAULT_BASE_URL)


@pytest.mark.parametrize("environment", [{}, {"PLUSOFON_TOKEN": ""}, {"PLUSOFON_TOKEN": " \n"}, {"TOKEN": "x"}])
def test_no_token_is_told_with_both_ways_to_set_it(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment(environment)
    assert "pulumi config set --secret plusofon:token" in str(caught.value)
    assert "PLUSOFON_TOKEN" in str(caught.value)


@pytest.mark.parametrize("key", [key for key, _ in SOURCES.values()])
@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_an_empty_value_in_the_stack_is_an_error_and_not_the_environments_turn(key: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{key} is set in the stack's configuration, but empty"):
        Settings.from_config({**STACK, key: value}.get, ENVIRONMENT)


@pytest.mark.parametrize("token", ["abc", " abc", "abc\n", "\r\n\tabc  ", "\u00a0abc"])
def test_white_space_around_the_token_is_dropped(token: str) -> None:
    assert Settings(token).token == "abc"


@pytest.mark.parametrize(
    "token",
    [
        "Bearer SECRET",
        "SEC\nRET",
        "SEC\tRET",
        "SECRET\x00",
        "SECRET\x7f",
        "SECRET\u200b",
        "\ufeffSECRET",
        "SECRETТ",
        "SECRET\r\nX-Evil: 1",
    ],
    ids=ascii,
)
def test_what_can_be_no_token_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ConfigurationError, match="the Plusofon token has") as caught:
        Settings(token)
    shown = f"{caught.value!r}{''.join(traceback.format_exception(caught.value))}"
    assert "SEC" not in shown


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="token is empty"):
        Settings(" \n")


@pytest.mark.parametrize(
    "client_id",
    ["", " ", "10 553", "10553\n1", "номер", "1\x00", "abc", "10553a", "+1", "-1", "1.5", "1_0", "١"],
    ids=ascii,
)
def test_what_can_be_no_client_id_is_refused(client_id: str) -> None:
    with pytest.raises(ConfigurationError, match="client id"):
        Settings("t", client_id=client_id)


def test_white_space_around_the_client_id_is_dropped() -> None:
    assert Settings("t", client_id=" 99\n").client_id == "99"


@pytest.mark.parametrize(
    "given,kept",
    [
        ("https://restapi.plusofon.ru", "https://restapi.plusofon.ru"),
        ("https://restapi.plusofon.ru/", "https://restapi.plusofon.ru"),
        (" https://a.example:8443/prefix/ \n", "https://a.example:8443/prefix"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("https://[2001:db8::1]:443", "https://[2001:db8::1]:443"),
        ("HTTPS://A.example", "HTTPS://A.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://LOCALHOST", "http://LOCALHOST"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://127.255.255.254", "http://127.255.255.254"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[0:0:0:0:0:0:0:1]"),
    ],
)
def test_https_may_go_anywhere_and_http_to_this_machine(given: str, kept: str) -> None:
    assert Settings("t", base_url=given).base_url == kept


@pytest.mark.parametrize(
    "url,local",
    [
        ("https://restapi.plusofon.ru", False),
        ("https://localhost", True),
        ("http://127.0.0.2:5", True),
        ("http://[::1]", True),
        ("https://localhost.example", False),
    ],
)
def test_whether_the_api_is_on_this_machine(url: str, local: bool) -> None:
    assert Settings("t", base_url=url).is_local is local


@pytest.mark.parametrize(
    "url",
    [
        "http://restapi.plusofon.ru",
        "http://10.0.0.1",
        "http://192.168.0.1:8080",
        "http://128.0.0.1",
        "http://0.0.0.0",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://localhost.",
        "http://[2001:db8::1]",
        "http://2130706433",
        "http://127.1",
    ],
)
def test_plain_http_to_another_machine_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="would send the token unencrypted: use https"):
        Settings("t", base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "restapi.plusofon.ru",
        "//restapi.plusofon.ru",
        "ftp://restapi.plusofon.ru",
        "file:///etc/passwd",
        "https://",
        "https:///api",
        "https:restapi.plusofon.ru",
        "https://a.example?x=1",
        "https://a.example?",
        "https://a.example/#x",
        "https://a.example#",
        "https://a .example",
        "https://a\n.example",
        "https://a.example/\tx",
        "https://a\x00.example",
        "",
    ],
    ids=ascii,
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not of the form https://"):
        Settings("t", base_url=url)


@pytest.mark.parametrize("url", ["https://[::1", "https://a.example:x", "https://a.example:99999", "https://[x]"])
def test_what_is_no_url_at_all_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a URL"):
        Settings("t", base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:SECRET@a.example",
        "https://SECRET@a.example",
        "https://@a.example",
        "http://127.0.0.1@a.example",
        "https://user:SECRET@a.example:x",
        "https://user:SECRET@[a.example",
        "SECRET@a.example",
    ],
)
def test_a_user_name_or_a_password_in_the_base_url_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match="must not hold a user name or a password") as caught:
        Settings("t", base_url=url)
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


# In small letters, as the parts of a URL are.
MISPLACED = "12|secret"


@pytest.mark.parametrize(
    "given",
    [
        {"client_id": MISPLACED},
        *(
            {"base_url": url.format(MISPLACED)}
            for url in (
                *("{}", "//{}", "{}://a.example", "https:{}", "https:///{}", "https://a.example?token={}"),
                *("https://a.example#{}", "https://a .example/{}", "https://a.example:{}", "https://[{}]"),
                *(
                    "https://[::1{}",
                    "https://a\u2100{}",
                    "http://{}.example",
                    "http://a.example/{}",
                    "https://{}@a.example",
                ),
            )
        ),
    ],
    ids=str,
)
def test_a_token_in_the_place_of_another_setting_is_not_shown(given: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"^the (client id|base URL) ") as caught:
        Settings("t", **given)
    shown = f"{caught.value!r}{vars(caught.value)}{''.join(traceback.format_exception(caught.value))}"
    assert "secret" not in shown
    # Neither in the error that it came of, which something that logs may follow.
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "url, mistake",
    [
        (" ", "it is empty"),
        ("https://a\u200b.example", "it has white space or a character that cannot be seen"),
        ("a.example", "it does not begin with https://"),
        ("https://", "it has no host"),
        ("https://a.example?x", "it has a query or a fragment, from ? or # on"),
    ],
)
def test_what_is_wrong_with_a_base_url_is_told(url: str, mistake: str) -> None:
    with pytest.raises(ConfigurationError, match=f"is not of the form {DEFAULT_BASE_URL}: {re.escape(mistake)}$"):
        Settings("t", base_url=url)


def test_the_token_is_in_no_text_and_no_pickle() -> None:
    settings = Settings("SECRET")
    shown = f"{settings}{settings!r}"
    assert "SECRET" not in shown
    assert "10553" in shown
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="hold a token and are not pickled"):
            pickle.dumps(settings, protocol)
    with pytest.raises(TypeError, match="not pickled"):
        copy.copy(settings)


def test_settings_are_frozen_and_hashable() -> None:
    settings = Settings("t")
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.token = "other"  # type: ignore[misc]  # what is tested
    assert {settings: 1}[Settings(" t\n", base_url=f"{DEFAULT_BASE_URL}/")] == 1
    assert settings != Settings("other")
