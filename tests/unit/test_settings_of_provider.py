"""Settings of a Provider, which are its own alone; and where a single setting is found."""

from __future__ import annotations

from typing import Any

import pytest

from plusofon_pulumi.errors import ConfigurationError
from plusofon_pulumi.settings import DEFAULT_BASE_URL, DEFAULT_CLIENT_ID, PROVIDER_KEY, Settings, find

ENVIRONMENT = {
    "PLUSOFON_TOKEN": "of-the-environment",
    "PLUSOFON_CLIENT_ID": "200",
    "PLUSOFON_BASE_URL": "https://env.example",
}
NAMED = {PROVIDER_KEY: "second"}
FULL = {**NAMED, "plusofon:token": "t0ken", "plusofon:clientId": "99", "plusofon:baseUrl": "https://own.example"}


def of(inputs: dict[str, Any]) -> tuple[str, str, str]:
    settings = Settings.from_config(inputs.get, ENVIRONMENT)
    return settings.token, settings.client_id, settings.base_url


def refusal(inputs: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        of(inputs)
    return str(caught.value)


@pytest.mark.parametrize(
    "inputs, expected",
    [
        (FULL, ("t0ken", "99", "https://own.example")),
        ({**FULL, "plusofon:token": " t0ken\n"}, ("t0ken", "99", "https://own.example")),
        ({**NAMED, "plusofon:token": "t0ken"}, ("t0ken", DEFAULT_CLIENT_ID, DEFAULT_BASE_URL)),
        ({**FULL, PROVIDER_KEY: ""}, ("t0ken", "99", "https://own.example")),
    ],
)
def test_a_provider_has_what_it_was_given_then_the_defaults_and_nothing_of_the_environment_s(
    inputs: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert of(inputs) == expected


@pytest.mark.parametrize("token", [None, "", " ", "\n"])
def test_a_provider_without_a_token_is_named_and_nothing_takes_its_place(token: str | None) -> None:
    assert refusal({**FULL, "plusofon:token": token}) == (
        'the Provider "second" has no token: give it one as `token=`; plusofon:token and PLUSOFON_TOKEN, which may be '
        "another account's, never take its place"
    )


@pytest.mark.parametrize(
    "key, value, told",
    [
        ("plusofon:token", "Bearer SECRET", "the Plusofon token has white space or characters that no token has"),
        ("plusofon:clientId", "", "the client id is not a number such as 10553: it is empty"),
        (
            "plusofon:clientId",
            "10 553",
            "the client id is not a number such as 10553: it has other characters than digits, 6 in all",
        ),
        ("plusofon:baseUrl", "", "the base URL is not of the form https://restapi.plusofon.ru: it is empty"),
        ("plusofon:baseUrl", "http://a.example", "the base URL would send the token unencrypted"),
        ("plusofon:baseUrl", "https://u:SECRET@a.example", "the base URL must not hold a user name or a password"),
    ],
)
def test_what_cannot_work_is_refused_with_the_provider_s_name(key: str, value: str, told: str) -> None:
    reason = refusal({**FULL, key: value})
    assert reason.startswith(f'the Provider "second": {told}')
    assert "SECRET" not in reason


@pytest.mark.parametrize(
    "stack, environment, found",
    [
        ({"plusofon:baseUrl": "https://a.example"}, ENVIRONMENT, "https://a.example"),
        ({}, ENVIRONMENT, "https://env.example"),
        ({"plusofon:clientId": "1"}, {"PLUSOFON_BASE_URL": "\t"}, None),
        ({}, {}, None),
    ],
)
def test_a_single_setting_is_found_in_the_stack_or_the_environment_or_nowhere(
    stack: dict[str, Any], environment: dict[str, str], found: str | None
) -> None:
    assert find("base_url", stack.get, environment) == found


@pytest.mark.parametrize("value, found", [(10553.0, "10553"), (10553, "10553"), ("010", "010"), (1.5, "1.5")])
def test_a_number_in_the_stack_is_read_as_it_was_written(value: Any, found: str) -> None:
    assert find("client_id", {"plusofon:clientId": value}.get, {}) == found


def test_a_single_setting_is_looked_for_in_the_process_s_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find("token", lambda _: None) is None
    monkeypatch.setenv("PLUSOFON_TOKEN", "own")
    assert find("token", lambda _: None) == "own"


@pytest.mark.parametrize("value", ["", " "])
def test_a_single_setting_that_is_empty_in_the_stack_is_an_error(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^plusofon:baseUrl is set in the stack's configuration, but empty"):
        find("base_url", {"plusofon:baseUrl": value}.get, ENVIRONMENT)
