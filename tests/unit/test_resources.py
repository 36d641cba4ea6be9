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
from tests.unit.programs import Recorder, TidyMonitor, attempt, run

DIRECTION = "pulumi-python:dynamic/plusofon:AllowedDirection"
DIRECTIONS = "pulumi-python:dynamic/plusofon:AllowedDirections"
STACK = {"plusofon:token": "of-the-stack", "plusofon:clientId": "77", "plusofon:baseUrl": "https://stack.example"}


def registered(program: Callable[[], object], **how: Any) -> list[MockResourceArgs]:
    def run_it() -> None:
        program()

    return run(run_it, **how)


def properties(resource: MockResourceArgs) -> dict[str, Any]:
    """Return inputs without the host's own, which a test of identity.py holds."""
    assert isinstance(resource.inputs.pop("__provider"), str)
    return resource.inputs


def revealed(value: Any) -> Any:
    """Return what is behind a secret, after seeing that it is one."""
    assert value[rpc._special_sig_key] == rpc._special_secret_sig
    return value["value"]


# AllowedDirection


@pytest.mark.parametrize(
    "code, sent",
    [
        ("36", "36"),
        ("+36", "+36"),
        (36, 36.0),
        (pulumi.Output.from_input, "36"),
        (None, None),
        ("no code", "no code"),
    ],
)
def test_a_direction_is_registered_with_its_code_as_it_was_given(code: Any, sent: Any) -> None:
    def program() -> None:
        plusofon.AllowedDirection("hungary", code=code("36") if callable(code) else code)

    [resource] = registered(program)
    assert (resource.typ, resource.name, resource.custom) == (DIRECTION, "hungary", True)
    assert properties(resource) == ({} if sent is None else {"code": sent})


def test_a_direction_s_outputs_are_those_of_its_provider() -> None:
    seen: dict[str, Any] = {}

    def program() -> None:
        hungary = plusofon.AllowedDirection("hungary", code="+36")
        everything = pulumi.Output.all(hungary.code, hungary.name, hungary.english_name, hungary.id)
        everything.apply(lambda found: seen.update(found=found))

    registered(program, outputs={"hungary": {"code": "36", "name": "Венгрия", "english_name": "Hungary"}})
    assert seen["found"] == ["36", "Венгрия", "Hungary", "id-of-hungary"]


# AllowedDirections


@pytest.mark.parametrize(
    "codes, sent",
    [
        (["36", 7], ["36", 7.0]),
        (("36", "7"), ["36", "7"]),
        ([], []),
        ((), []),
        (set(), []),
        ({"36"}, ["36"]),
        (frozenset({7}), [7.0]),
        (dict.fromkeys(["36", "7"]).keys(), ["36", "7"]),
        (range(43, 46), [43.0, 44.0, 45.0]),
        (lambda: (str(code) for code in (36, 7)), ["36", "7"]),
        (lambda: map(str, (36, 7)), ["36", "7"]),
        (lambda: pulumi.Output.from_input(["36", "7"]), ["36", "7"]),
        (lambda: ["36", pulumi.Output.from_input(7)], ["36", 7.0]),
        (lambda: pulumi.Output.from_input(["36", pulumi.Output.from_input("7")]), ["36", "7"]),
        (lambda: pulumi.Output.from_input([]), []),
        (lambda: pulumi.Output.from_input({"36"}), ["36"]),
        (lambda: pulumi.Output.from_input(frozenset({"36"})), ["36"]),
        (b"36", "b'36'"),
        ("36", "36"),
        (36, 36.0),
        ({"36": "Hungary"}, {"36": "Hungary"}),
        (["36", ""], ["36", ""]),
    ],
)
def test_a_list_is_registered_with_its_codes_as_they_were_given(codes: Any, sent: Any) -> None:
    def program() -> None:
        plusofon.AllowedDirections("account", codes=codes() if callable(codes) else codes)

    [resource] = registered(program)
    assert (resource.typ, resource.name, resource.custom) == (DIRECTIONS, "account", True)
    assert properties(resource) == {"codes": sent, "on_destroy": "retain"}


def test_a_list_of_plain_codes_costs_the_program_the_same_however_many_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    applied: list[object] = []
    apply = pulumi.Output.apply

    def counted(output: pulumi.Output[Any], *arguments: Any, **options: Any) -> Any:
        applied.append(output)
        return apply(output, *arguments, **options)

    monkeypatch.setattr(pulumi.Output, "apply", counted)
    counts = set()
    for codes in ([], ["7"], list(map(str, range(1, 216)))):
        applied.clear()
        registered(lambda codes=codes: plusofon.AllowedDirections("account", codes=codes))  # type: ignore[misc]
        counts.add(len(applied))
    assert len(counts) == 1


def test_a_list_of_none_is_sent_on_for_its_provider_to_refuse() -> None:
    [resource] = registered(lambda: plusofon.AllowedDirections("account", codes=["36", None]))  # type: ignore[list-item]
    assert properties(resource)["codes"] == ["36", None]


@pytest.mark.parametrize("codes", [None, lambda: pulumi.Output.from_input(None)])
def test_missing_codes_are_not_sent_as_an_empty_list(codes: Any) -> None:
    def program() -> None:
        plusofon.AllowedDirections("account", codes=codes() if callable(codes) else codes)

    [resource] = registered(program)
    assert "codes" not in properties(resource)


@pytest.mark.parametrize("choice", ["close", lambda: pulumi.Output.from_input("close")])
def test_a_list_is_registered_with_what_a_destruction_shall_do(choice: Any) -> None:
    def program() -> None:
        plusofon.AllowedDirections("account", [], choice() if callable(choice) else choice)

    [resource] = registered(program)
    assert properties(resource) == {"codes": [], "on_destroy": "close"}


def test_codes_may_come_later_or_be_secret() -> None:
    async def later(value: Any) -> Any:
        return value

    def program() -> None:
        plusofon.AllowedDirections("whole", codes=later(["36"]))
        plusofon.AllowedDirection("one", code=later("36"))
        plusofon.AllowedDirection("secret", code=pulumi.Output.secret("7"), opts=ignoring("code"))

    whole, one, secret = sorted(registered(program), key=lambda each: ["whole", "one", "secret"].index(each.name))
    assert properties(whole)["codes"] == ["36"]
    assert properties(one)["code"] == "36"
    assert revealed(properties(secret)["code"]) == "7"


def ignoring(*names: str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(ignore_changes=list(names))


def test_a_list_s_outputs_are_those_of_its_provider() -> None:
    seen: dict[str, Any] = {}
    direction = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}

    def program() -> None:
        whole = plusofon.AllowedDirections("account", codes=["+36"])
        everything = pulumi.Output.all(whole.codes, whole.directions, whole.on_destroy, whole.id)
        everything.apply(lambda found: seen.update(found=found))

    registered(program, outputs={"account": {"codes": ["36"], "directions": [direction], "on_destroy": "retain"}})
    assert seen["found"] == [["36"], [direction], "retain", "id-of-account"]


# Both


@pytest.mark.parametrize("kind", [plusofon.AllowedDirection, plusofon.AllowedDirections, plusofon.Provider])
def test_a_class_that_state_knows_by_its_name_refuses_to_be_subclassed(kind: type) -> None:
    with pytest.raises(TypeError, match=f"^{kind.__name__} is final: wrap it in a ComponentResource instead of subcl"):
        type("Own", (kind,), {})


@pytest.mark.parametrize("preview", [False, True])
def test_under_mocks_declarations_are_not_compared_for_their_stack_outlives_a_test(preview: bool) -> None:
    def program() -> None:
        plusofon.AllowedDirection("one", code="36")
        plusofon.AllowedDirection("two", code="36")
        plusofon.AllowedDirections("whole", codes=["7"])

    assert {each.name for each in registered(program, mocked=True, preview=preview)} == {"one", "two", "whole"}


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
                users_test(lambda name=name: plusofon.AllowedDirection(name, code="7").urn)()
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    contextvars.copy_context().run(tests)
    assert [each.name for each in recorder.resources] == ["one", "one", "two", "two"]


# Provider


@pytest.mark.parametrize("key", ["plusofon:clientId", "plusofon:baseUrl"])
def test_a_setting_of_the_stack_that_is_empty_is_told_in_plain_words(key: str) -> None:
    _, error = attempt(lambda: plusofon.Provider("second", "t0ken"), config={key: " "})
    assert type(error) is pulumi.RunError
    assert str(error).startswith(f'Provider "second": {key} is set in the stack\'s configuration, but empty: give it a')


def test_a_provider_is_registered_with_its_name_and_what_it_was_given_and_its_token_is_secret() -> None:
    [provider] = registered(
        lambda: plusofon.Provider("second", "t0ken", client_id="99", base_url="https://own.example"), config=STACK
    )
    assert (provider.typ, provider.name) == ("pulumi:providers:pulumi-python", "second")
    assert revealed(provider.inputs.pop("plusofon:token")) == "t0ken"
    assert provider.inputs == {
        "plusofon:provider": "second",
        "plusofon:clientId": "99",
        "plusofon:baseUrl": "https://own.example",
    }


@pytest.mark.parametrize("token", [lambda: pulumi.Output.secret("t0ken"), lambda: pulumi.Output.from_input("t0ken")])
def test_a_provider_s_token_is_a_secret_wherever_it_comes_from(token: Callable[[], pulumi.Output[str]]) -> None:
    [provider] = registered(lambda: plusofon.Provider("second", token()))
    assert revealed(provider.inputs["plusofon:token"]) == "t0ken"


@pytest.mark.parametrize(
    "config, environment, client_id, base_url",
    [
        (STACK, {"PLUSOFON_CLIENT_ID": "1", "PLUSOFON_BASE_URL": "https://e.example"}, "77", "https://stack.example"),
        ({}, {"PLUSOFON_CLIENT_ID": "1", "PLUSOFON_BASE_URL": "https://e.example"}, "1", "https://e.example"),
        ({"plusofon:clientId": "77"}, {"PLUSOFON_BASE_URL": "https://e.example"}, "77", "https://e.example"),
        ({}, {}, None, None),
        ({"other:clientId": "5"}, {"PLUSOFON_CLIENT_ID": " "}, None, None),
    ],
)
def test_what_a_provider_was_not_given_comes_from_the_stack_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
    config: dict[str, str],
    environment: dict[str, str],
    client_id: str | None,
    base_url: str | None,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    [provider] = registered(lambda: plusofon.Provider("second", "t0ken"), config=config)
    assert provider.inputs.get("plusofon:clientId") == client_id
    assert provider.inputs.get("plusofon:baseUrl") == base_url


def test_nothing_takes_the_place_of_a_provider_s_missing_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUSOFON_TOKEN", "of-the-environment")
    [provider] = registered(lambda: plusofon.Provider("second", None), config=STACK)  # type: ignore[arg-type]
    assert revealed(provider.inputs["plusofon:token"]) is None
    assert "of-the" not in str(provider.inputs)


def test_a_provider_is_passed_to_resources_by_itself_and_through_a_component() -> None:
    def program() -> None:
        second = plusofon.Provider("second", "t0ken")
        office = pulumi.ComponentResource(
            "test:index:Office", "office", opts=pulumi.ResourceOptions(providers=[second])
        )
        plusofon.AllowedDirection("given", code="36", opts=pulumi.ResourceOptions(provider=second))
        plusofon.AllowedDirection("inherited", code="7", opts=pulumi.ResourceOptions(parent=office))
        plusofon.AllowedDirection("none", code="36")

    used = {each.name: each.provider or "" for each in registered(program) if each.typ == DIRECTION}
    assert "::second::" in used["given"]
    assert used["inherited"] == used["given"]
    assert used["none"] == ""
