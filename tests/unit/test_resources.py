"""What a program's resources register, seen without an engine."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi import runtime
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockResourceArgs

import plusofon_pulumi as plusofon
from plusofon_pulumi import identity
from tests import frozen
from tests.unit.programs import Recorder, TidyMonitor, attempt, run

STACK = {"plusofon:token": "of-the-stack", "plusofon:clientId": "77", "plusofon:baseUrl": "https://stack.example"}
HUNGARY = plusofon.Direction("36", "Венгрия", "Hungary", 11, 36)
out: Callable[[Any], pulumi.Output[Any]] = pulumi.Output.from_input


async def later(value: Any) -> Any:
    return value


def finished(value: Any) -> asyncio.Future[Any]:
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future


def registered(act: Callable[[], object], **how: Any) -> MockResourceArgs:
    [resource] = run(lambda: (act(), None)[1], **how)
    return resource


def revealed(value: Any) -> Any:
    """Return what is behind a secret, after seeing that it is one."""
    assert value[rpc._special_sig_key] == rpc._special_secret_sig
    return value["value"]


@pytest.mark.parametrize(
    "code, sent",
    [
        ("36", "36"),
        ("+36", "+36"),
        (36, 36.0),
        (None, None),
        (HUNGARY, "36"),
        (lambda: out("36"), "36"),
        (lambda: out(HUNGARY), "36"),
        (lambda: later(HUNGARY), "36"),
        (lambda: asyncio.ensure_future(later("36")), "36"),
    ],
)
def test_a_direction_is_registered_with_its_code_as_it_was_given(code: Any, sent: Any) -> None:
    one = registered(lambda: plusofon.AllowedDirection("hungary", code=code() if callable(code) else code))
    assert (one.typ, one.name, one.custom) == ("pulumi-python:dynamic/plusofon:AllowedDirection", "hungary", True)
    assert one.inputs == {"__provider": frozen.DIRECTION_PROVIDER, **({} if sent is None else {"code": sent})}


@pytest.mark.parametrize(
    "codes, sent",
    [
        (["36", 7], ["36", 7.0]),
        (("36", HUNGARY), ["36", "36"]),
        ([], []),
        (set(), []),
        ({HUNGARY}, ["36"]),
        (frozenset({7}), [7.0]),
        (dict.fromkeys(["36", "7"]).keys(), ["36", "7"]),
        (lambda: (str(code) for code in (36, 7)), ["36", "7"]),
        (lambda: out(["36", HUNGARY]), ["36", "36"]),
        (lambda: out([]), []),
        (lambda: out({"36"}), ["36"]),
        (lambda: ["36", out(HUNGARY), later(7)], ["36", "36", 7.0]),
        (lambda: out(["36", out("7")]), ["36", "7"]),
        (lambda: later(["36"]), ["36"]),
        (lambda: asyncio.ensure_future(later([HUNGARY])), ["36"]),
        (lambda: finished(["36"]), ["36"]),
        # What is no list of codes is never an empty one: its provider refuses it.
        *((wrong, wrong) for wrong in ("36", 36.0, {"36": "Hungary"}, ["36", ""], ["36", None])),
        (b"36", "b'36'"),
        (memoryview(b"36"), "<memory"),
        (None, None),
        (lambda: out(None), None),
    ],
)
def test_a_list_is_registered_with_its_codes_as_they_were_given(codes: Any, sent: Any) -> None:
    whole = registered(lambda: plusofon.AllowedDirections("all", codes=codes() if callable(codes) else codes))
    assert (whole.typ, whole.name, whole.custom) == ("pulumi-python:dynamic/plusofon:AllowedDirections", "all", True)
    assert (whole.inputs.pop("__provider"), whole.inputs.pop("on_destroy")) == (frozen.DIRECTIONS_PROVIDER, "retain")
    if sent == "<memory":
        assert whole.inputs.pop("codes").startswith(sent)
    else:
        assert whole.inputs == ({} if sent is None else {"codes": sent})


@pytest.mark.parametrize("choice", ["close", lambda: out("close")])
def test_a_list_is_registered_with_what_a_destruction_shall_do(choice: Any) -> None:
    whole = registered(lambda: plusofon.AllowedDirections("all", [], choice() if callable(choice) else choice))
    assert whole.inputs["on_destroy"] == "close"


def test_a_secret_code_stays_a_secret() -> None:
    one = registered(lambda: plusofon.AllowedDirection("secret", code=pulumi.Output.secret("7")))
    assert revealed(one.inputs["code"]) == "7"


def test_outputs_are_those_of_the_provider() -> None:
    seen: list[Any] = []
    row = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
    of_all = {"codes": ["36"], "directions": [row], "on_destroy": "retain"}

    def program() -> None:
        one, whole = plusofon.AllowedDirection("one", code="+36"), plusofon.AllowedDirections("all", codes=[])
        pulumi.Output.all(one.code, one.name, one.english_name, one.id).apply(seen.append)
        pulumi.Output.all(whole.codes, whole.directions, whole.on_destroy).apply(seen.append)

    run(program, outputs={"one": row, "all": of_all})
    assert sorted(seen, key=len) == [[*of_all.values()], [*row.values(), "id-of-one"]]


# What state knows


@pytest.mark.parametrize("kind", [plusofon.AllowedDirection, plusofon.AllowedDirections, plusofon.Provider])
def test_a_class_that_state_knows_by_its_name_refuses_to_be_subclassed(kind: type) -> None:
    with pytest.raises(TypeError, match=f"^{kind.__name__} is final: wrap it in a ComponentResource instead of subcl"):
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


def test_a_user_s_own_tests_under_mocks_may_each_declare_the_same() -> None:
    recorder = Recorder()
    users_test: Any = runtime.test

    def tests() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            runtime.set_mocks(recorder, monitor=TidyMonitor(recorder))
            for name in ("one", "two"):
                users_test(lambda name=name: plusofon.AllowedDirections(name, codes=["36"]).urn)()
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    contextvars.copy_context().run(tests)
    assert [each.name for each in recorder.resources] == ["one", "two"]


# Provider


@pytest.mark.parametrize("token", ["t0ken", lambda: pulumi.Output.secret("t0ken"), lambda: out("t0ken")])
def test_a_provider_is_registered_with_its_name_and_settings_and_a_secret_token(token: Any) -> None:
    given: Any = {"client_id": "99", "base_url": "https://own.example"}
    provider = registered(
        lambda: plusofon.Provider("second", token() if callable(token) else token, **given), config=STACK
    )
    assert (provider.typ, provider.name) == ("pulumi:providers:pulumi-python", "second")
    assert revealed(provider.inputs.pop("plusofon:token")) == "t0ken"
    own = {"plusofon:provider": "second", "plusofon:clientId": "99", "plusofon:baseUrl": "https://own.example"}
    assert provider.inputs == own


ENVIRONMENT = {
    "PLUSOFON_TOKEN": "of-the-environment",
    "PLUSOFON_CLIENT_ID": "1",
    "PLUSOFON_BASE_URL": "https://e.example",
}


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
    assert revealed(provider.inputs["plusofon:token"]) is None


def test_a_setting_of_the_stack_that_is_empty_fails_in_plain_words() -> None:
    _, error = attempt(lambda: plusofon.Provider("second", "t"), config={"plusofon:baseUrl": " "})
    assert type(error) is pulumi.RunError
    assert str(error).startswith('Provider "second": plusofon:baseUrl is set in the stack\'s configuration, but empty')


def test_a_provider_is_passed_to_resources_by_itself_and_through_a_component() -> None:
    def program() -> None:
        second = plusofon.Provider("second", "t")
        office = pulumi.ComponentResource(
            "test:index:Office", "office", opts=pulumi.ResourceOptions(providers=[second])
        )
        plusofon.AllowedDirection("given", code="36", opts=pulumi.ResourceOptions(provider=second))
        plusofon.AllowedDirection("inherited", code="7", opts=pulumi.ResourceOptions(parent=office))
        plusofon.AllowedDirection("none", code="36")

    used = {each.name: each.provider or "" for each in run(program) if each.typ == identity.DIRECTION_TYPE}
    assert "::second::" in used["given"]
    assert (used["inherited"], used["none"]) == (used["given"], "")
