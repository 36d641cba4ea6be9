"""What a program declares and looks up, run in this process without an engine: what it registers is noted."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi
import pytest
from pulumi import runtime
from pulumi.runtime import mocks, rpc
from pulumi.runtime.mocks import MockResourceArgs
from pulumi.runtime.stack import run_in_stack

import plusofon_pulumi as plusofon
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.settings import Settings
from tests import frozen


class Recorder(mocks.Mocks):
    """Note each resource that is registered."""

    def __init__(self) -> None:
        self.resources: list[mocks.MockResourceArgs] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(args)
        return f"id-of-{args.name}", {}

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise NotImplementedError


class TidyMonitor(mocks.MockMonitor):
    """Pulumi's own stand-in, which would leave an event loop behind in each of its threads."""

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the protocol's name
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # Pulumi's
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def run(
    program: Callable[[], Any], *, config: Mapping[str, str] | None = None, preview: bool = False
) -> list[mocks.MockResourceArgs]:
    """Run a program in a stack of its own to its end; return what it has registered, or raise what it fails with."""
    recorder = Recorder()

    async def main() -> None:
        # What a failed program leaves behind is no news: its error is raised.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        monitor, engine = TidyMonitor(recorder), mocks.MockEngine(None)
        stack = runtime.settings.Settings(project="test", stack="dev", monitor=monitor, engine=engine, dry_run=preview)
        runtime.settings.configure(stack)
        runtime.set_all_config(dict(config or {}), [])
        await run_in_stack(program)

    contextvars.copy_context().run(asyncio.run, main())
    return recorder.resources


STACK = {"plusofon:token": "of-the-stack", "plusofon:clientId": "77", "plusofon:baseUrl": "https://stack.example"}
SECRET = {rpc._special_sig_key: rpc._special_secret_sig}
HUNGARY = plusofon.Direction("36", "Венгрия", "Hungary", 11, 36)
out: Callable[[Any], pulumi.Output[Any]] = pulumi.Output.from_input


async def later(value: Any) -> Any:
    return value


def registered(act: Callable[[], object], **how: Any) -> MockResourceArgs:
    [resource] = run(lambda: (act(), None)[1], **how)
    return resource


def made(value: Any) -> Any:
    return value() if callable(value) else value


CODES: list[tuple[Any, Any]] = [("36", "36"), (36, 36.0), (None, None), (HUNGARY, "36"), (lambda: out(HUNGARY), "36")]
CODES += [(lambda: later(HUNGARY), "36"), (lambda: asyncio.ensure_future(later("36")), "36")]
LISTS: list[tuple[Any, Any]] = [([], []), (("36", 7, HUNGARY), ["36", 7.0, "36"]), ({HUNGARY}, ["36"])]
LISTS += [(lambda: (str(code) for code in (36, 7)), ["36", "7"]), (lambda: out(["36", HUNGARY]), ["36", "36"])]
LISTS += [(lambda: out({"36"}), ["36"]), (lambda: ["36", out(HUNGARY), later(7)], ["36", "36", 7.0])]
LISTS += [(lambda: later(["36"]), ["36"]), (lambda: asyncio.ensure_future(later([HUNGARY])), ["36"])]
# What is no list of codes is never an empty one: its provider refuses it.
LISTS += [(wrong, wrong) for wrong in ("36", 36.0, {"36": "Hungary"}, ["36", ""], ["36", None], None)]
LISTS += [(lambda: out(None), None)]


def registered_as(kind: Any, **inputs: Any) -> dict[str, Any]:
    """Return the inputs of a resource that is registered, but for what was left out."""
    one = registered(lambda: kind("name", **{key: made(value) for key, value in inputs.items()}))
    assert (one.typ, one.name, one.custom) == (f"pulumi-python:dynamic/plusofon:{kind.__name__}", "name", True)
    return {key: one.inputs.get(key) for key in {*one.inputs, *inputs}}


@pytest.mark.parametrize("code, sent", CODES)
def test_a_direction_is_registered_with_its_code_as_it_was_given(code: Any, sent: Any) -> None:
    found = registered_as(plusofon.AllowedDirection, code=code)
    assert found == {"code": sent, "__provider": frozen.DIRECTION_PROVIDER}


@pytest.mark.parametrize("codes, sent", LISTS)
def test_a_list_is_registered_with_its_codes_as_they_were_given(codes: Any, sent: Any) -> None:
    found = registered_as(plusofon.AllowedDirections, codes=codes)
    assert found == {"codes": sent, "on_destroy": "retain", "__provider": frozen.DIRECTIONS_PROVIDER}


def test_bytes_are_no_list_of_numbers() -> None:
    for codes in (b"36", bytearray(b"36"), memoryview(b"36")):
        with pytest.raises(ValueError, match=r"unexpected input of type .* for codes in AllowedDirections"):
            run(lambda: (plusofon.AllowedDirections("all", codes=codes), None)[1])  # noqa: B023  # called at once


def test_a_subclass_has_the_same_identity_in_state() -> None:
    own: Any = type("Own", (plusofon.AllowedDirection,), {})
    assert registered(lambda: own("hungary", code="36")).typ == "pulumi-python:dynamic/plusofon:AllowedDirection"


@pytest.mark.parametrize("token", ["t0ken", lambda: pulumi.Output.secret("t0ken"), lambda: out("t0ken")])
def test_a_provider_is_registered_with_its_name_and_settings_and_a_secret_token(token: Any) -> None:
    act = lambda: plusofon.Provider("second", made(token), "99", "https://own.example")  # noqa: E731
    provider = registered(act, config=STACK)
    assert (provider.typ, provider.name) == ("pulumi:providers:pulumi-python", "second")
    own = {"plusofon:provider": "second", "plusofon:clientId": "99", "plusofon:baseUrl": "https://own.example"}
    assert provider.inputs == {**own, "plusofon:token": {**SECRET, "value": "t0ken"}}


@pytest.mark.parametrize("config, client_id", [(STACK, "77"), ({}, "1")])
def test_what_a_provider_was_not_given_comes_from_the_stack_or_the_environment_but_never_its_token(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, str], client_id: str
) -> None:
    monkeypatch.setenv("PLUSOFON_TOKEN", "stray")
    monkeypatch.setenv("PLUSOFON_CLIENT_ID", "1")
    found = registered(lambda: plusofon.Provider("second", None), config=config).inputs  # type: ignore[arg-type]
    assert (found["plusofon:clientId"], found.get("plusofon:baseUrl")) == (client_id, config.get("plusofon:baseUrl"))
    assert found["plusofon:token"] == {**SECRET, "value": None}


def test_a_setting_of_the_stack_that_is_empty_fails_in_plain_words() -> None:
    says = '^Provider "second": plusofon:baseUrl is set in the stack\'s configuration, but empty'
    with pytest.raises(pulumi.RunError, match=says):
        run(lambda: plusofon.Provider("second", "t"), config={"plusofon:baseUrl": " "})


READS = [plusofon.get_direction, plusofon.get_directions, plusofon.get_allowed_directions]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(open=["7", "36", "53"]) as running:
        yield running


@pytest.fixture
def stack(sandbox: Sandbox) -> dict[str, str]:
    return {"plusofon:token": sandbox.token, "plusofon:baseUrl": sandbox.url}


def codes(found: Any) -> list[str]:
    return [each.code for each in (found if isinstance(found, list) else [found])]


def failure(read: Callable[[], Any], config: dict[str, str] | None = None) -> str:
    """Return what a program fails with, which Pulumi shows without a traceback."""
    with pytest.raises(pulumi.RunError) as caught:
        run(read, config=config)
    assert caught.value.__suppress_context__
    return str(caught.value)


def test_get_direction_fails_unless_there_is_exactly_one(monkeypatch: pytest.MonkeyPatch) -> None:
    none = "Plusofon's catalogue has no direction with the code or name"
    twin = "'twin' is the name of several directions: 37 (Twin), 38 (Twin); give a code"
    said = {"Hungray": f"{none} 'Hungray'; the nearest: 36 (Hungary)", " ": f"{none} ' '", "twin": twin}
    rows = [HUNGARY, plusofon.Direction("37", "", "Twin"), plusofon.Direction("38", "", "Twin")]
    monkeypatch.setattr(PlusofonClient, "get_directions", lambda _: plusofon.Catalogue(rows))
    assert plusofon.get_direction(" ВЕНГРИЯ\n", Settings("t")) == HUNGARY
    for text, says in said.items():
        assert failure(functools.partial(plusofon.get_direction, text), {"plusofon:token": "t"}) == says


def test_the_lists_are_searched_by_a_part_of_a_name_or_a_code(sandbox: Sandbox) -> None:
    settings = Settings(sandbox.token, base_url=sandbox.url)
    assert len(plusofon.get_directions(provider=settings)) > 230
    assert codes(plusofon.get_allowed_directions(provider=settings)) == ["7", "36", "53"]
    for text, there_are, are_open in [("венг", ["36"], ["36"]), ("oman", ["968", "40"], []), ("Atlantis", [], [])]:
        assert sorted(codes(plusofon.get_directions(text, settings)), reverse=True) == there_are
        assert codes(plusofon.get_allowed_directions(text, settings)) == are_open


@pytest.mark.parametrize("read", READS[1:])
def test_a_blank_text_is_never_all_of_them(stack: dict[str, str], read: Callable[..., Any]) -> None:
    says = "the text to search for is blank: leave it out to get all directions"
    assert failure(lambda: read(" "), stack) == says


@pytest.mark.parametrize("read", READS)
def test_the_account_is_of_stack_or_environment(stack: Any, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Any] = []
    monkeypatch.setenv("PLUSOFON_TOKEN", "a-stray-token")
    run(lambda: got.append(read("hungary")), config=stack)
    monkeypatch.setenv("PLUSOFON_TOKEN", stack["plusofon:token"])
    monkeypatch.setenv("PLUSOFON_BASE_URL", stack["plusofon:baseUrl"])
    got.append(read("hungary"))
    assert [codes(each) for each in got] == [["36"], ["36"]]


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("read", READS)
def test_a_provider_s_account_is_read_into_an_output_and_no_secret(sandbox: Sandbox, read: Any, preview: bool) -> None:
    got: dict[str, Any] = {}

    def program() -> None:
        found = read("hungary", provider=plusofon.Provider("second", sandbox.token, base_url=sandbox.url))
        found.apply(lambda found: got.update(found=codes(found)))
        pulumi.Output.from_input(found.is_secret()).apply(lambda secret: got.update(secret=secret))

    run(program, config={"plusofon:token": "another"}, preview=preview)
    assert got == {"found": ["36"], "secret": False}


@pytest.mark.parametrize("read", READS)
def test_what_fails_is_never_an_empty_list(stack: dict[str, str], read: Callable[..., Any]) -> None:
    assert failure(lambda: read("36")).startswith("there is no Plusofon token: ")
    error = failure(lambda: read("36"), {**stack, "plusofon:token": "refused"})
    assert error.startswith(f"GET {stack['plusofon:baseUrl']}/api/v1/direction")
    assert "Check the token of plusofon:token in the stack's configuration" in error


def test_a_mistake_of_ours_keeps_its_traceback_and_no_connection_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []
    monkeypatch.setattr(PlusofonClient, "get_directions", lambda _: {"": 0}["a mistake"])
    monkeypatch.setattr(PlusofonClient, "close", functools.partialmethod(closed.append))
    with pytest.raises(KeyError, match="a mistake"):
        plusofon.get_directions(provider=Settings("t"))
    assert len(closed) == 1
