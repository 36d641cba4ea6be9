"""What a program's resources register, seen without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockResourceArgs

import plusofon_pulumi as plusofon
from plusofon_pulumi import identity
from tests import frozen
from tests.unit.programs import run

STACK = {"plusofon:token": "of-the-stack", "plusofon:clientId": "77", "plusofon:baseUrl": "https://stack.example"}
SECRET = {rpc._special_sig_key: rpc._special_secret_sig}
HUNGARY = plusofon.Direction("36", "Венгрия", "Hungary", 11, 36)
out: Callable[[Any], pulumi.Output[Any]] = pulumi.Output.from_input


async def later(value: Any) -> Any:
    return value


def registered(act: Callable[[], object], **how: Any) -> MockResourceArgs:
    [resource] = run(lambda: (act(), None)[1], **how)
    return resource


CODES: list[tuple[Any, Any]] = [("36", "36"), (36, 36.0), (None, None), (HUNGARY, "36"), (lambda: out(HUNGARY), "36")]
CODES += [(lambda: later(HUNGARY), "36"), (lambda: asyncio.ensure_future(later("36")), "36")]


@pytest.mark.parametrize("code, sent", CODES)
def test_a_direction_is_registered_with_its_code_as_it_was_given(code: Any, sent: Any) -> None:
    one = registered(lambda: plusofon.AllowedDirection("hungary", code=code() if callable(code) else code))
    assert (one.typ, one.name, one.custom) == ("pulumi-python:dynamic/plusofon:AllowedDirection", "hungary", True)
    assert one.inputs == {"__provider": frozen.DIRECTION_PROVIDER, **({} if sent is None else {"code": sent})}


@pytest.mark.parametrize(
    "codes, sent",
    [
        ([], []),
        (("36", 7, HUNGARY), ["36", 7.0, "36"]),
        ({HUNGARY}, ["36"]),
        (lambda: (str(code) for code in (36, 7)), ["36", "7"]),
        (lambda: out(["36", HUNGARY]), ["36", "36"]),
        (lambda: out({"36"}), ["36"]),
        (lambda: ["36", out(HUNGARY), later(7)], ["36", "36", 7.0]),
        (lambda: later(["36"]), ["36"]),
        (lambda: asyncio.ensure_future(later([HUNGARY])), ["36"]),
        # What is no list of codes is never an empty one: its provider refuses it.
        *((wrong, wrong) for wrong in ("36", 36.0, {"36": "Hungary"}, ["36", ""], ["36", None])),
        (b"36", "b'36'"),
        (None, None),
        (lambda: out(None), None),
    ],
)
def test_a_list_is_registered_with_its_codes_as_they_were_given(codes: Any, sent: Any) -> None:
    whole = registered(lambda: plusofon.AllowedDirections("all", codes=codes() if callable(codes) else codes))
    assert (whole.typ, whole.name, whole.custom) == ("pulumi-python:dynamic/plusofon:AllowedDirections", "all", True)
    assert (whole.inputs.pop("__provider"), whole.inputs.pop("on_destroy")) == (frozen.DIRECTIONS_PROVIDER, "retain")
    assert whole.inputs == ({} if sent is None else {"codes": sent})


# What state knows


def test_a_class_that_state_knows_by_its_name_refuses_to_be_subclassed() -> None:
    for kind in (plusofon.AllowedDirection, plusofon.AllowedDirections, plusofon.Provider):
        with pytest.raises(TypeError, match=f"^{kind.__name__} is final: wrap it in a ComponentResource instead of su"):
            type("Own", (kind,), {})


def test_what_state_holds_of_us_has_not_changed() -> None:
    assert {name: value for name, value in vars(identity).items() if name.isupper()} == {
        "DIRECTION_TYPE": "pulumi-python:dynamic/plusofon:AllowedDirection",
        "DIRECTIONS_TYPE": "pulumi-python:dynamic/plusofon:AllowedDirections",
        "PROVIDER_TYPE": "pulumi:providers:pulumi-python",
        "DIRECTIONS_ID": "allowed-directions",
        "PROVIDER_INPUT": "__provider",
        "DIRECTION_PROVIDER": frozen.DIRECTION_PROVIDER,
        "DIRECTIONS_PROVIDER": frozen.DIRECTIONS_PROVIDER,
    }


# Provider


@pytest.mark.parametrize("token", ["t0ken", lambda: pulumi.Output.secret("t0ken"), lambda: out("t0ken")])
def test_a_provider_is_registered_with_its_name_and_settings_and_a_secret_token(token: Any) -> None:
    def program() -> None:
        plusofon.Provider("second", token() if callable(token) else token, "99", "https://own.example")

    provider = registered(program, config=STACK)
    assert (provider.typ, provider.name) == ("pulumi:providers:pulumi-python", "second")
    assert provider.inputs.pop("plusofon:token") == {**SECRET, "value": "t0ken"}
    own = {"plusofon:provider": "second", "plusofon:clientId": "99", "plusofon:baseUrl": "https://own.example"}
    assert provider.inputs == own


ENVIRONMENT = {"PLUSOFON_TOKEN": "stray", "PLUSOFON_CLIENT_ID": "1", "PLUSOFON_BASE_URL": "https://e.example"}


@pytest.mark.parametrize("environment", [ENVIRONMENT, {}])
@pytest.mark.parametrize("config", [STACK, {}])
def test_what_a_provider_was_not_given_comes_from_the_stack_or_the_environment_but_never_its_token(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, str], environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    provider = registered(lambda: plusofon.Provider("second", None), config=config)  # type: ignore[arg-type]
    expected = config or {"plusofon:clientId": "1", "plusofon:baseUrl": "https://e.example"} if environment else config
    for key in ("plusofon:clientId", "plusofon:baseUrl"):
        assert provider.inputs.get(key) == expected.get(key)
    assert provider.inputs["plusofon:token"] == {**SECRET, "value": None}


def test_a_setting_of_the_stack_that_is_empty_fails_in_plain_words() -> None:
    says = '^Provider "second": plusofon:baseUrl is set in the stack\'s configuration, but empty'
    with pytest.raises(pulumi.RunError, match=says):
        run(lambda: plusofon.Provider("second", "t"), config={"plusofon:baseUrl": " "})
