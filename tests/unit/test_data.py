"""What programs read: the catalogue, and what is open in an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pytest

import plusofon_pulumi as plusofon
from plusofon_pulumi.client import CATALOGUE, OPEN_LIST, PlusofonClient, transport
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.settings import Settings
from tests.unit.programs import attempt, run
from tests.unit.support import settings_of

READ: list[Callable[..., Any]] = [plusofon.get_directions, plusofon.get_allowed_directions]
WITH_PATHS = [(READ[0], CATALOGUE), (READ[1], OPEN_LIST)]
HUNGARY = Direction("36", "Венгрия", "Hungary")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An account with three codes open."""
    with Sandbox(open=["7", "36", "53"]) as running:
        yield running


def stack_of(sandbox: Sandbox) -> dict[str, str]:
    return {"plusofon:token": sandbox.token, "plusofon:baseUrl": sandbox.url}


def result(read: Callable[[], Any], config: dict[str, str]) -> Any:
    """Read within a program, and return what it got."""
    got: list[Any] = []

    def program() -> None:
        got.append(read())

    run(program, config=config)
    return got[0]


def codes(directions: list[Direction]) -> list[str]:
    return [direction.code for direction in directions]


# What there is


def test_the_catalogue_has_an_entry_for_each_country(sandbox: Sandbox) -> None:
    found = plusofon.get_directions(provider=settings_of(sandbox))
    assert len(found) > 230
    assert HUNGARY in found
    assert [each.english_name for each in found if each.code == "7"] == ["Kazakhstan", "Russia"]
    assert all(each.id for each in found)


def test_what_is_open_is_what_the_account_says(sandbox: Sandbox) -> None:
    found = plusofon.get_allowed_directions(provider=settings_of(sandbox))
    assert codes(found) == ["7", "36", "53"]
    assert HUNGARY in found
    sandbox.set_open([])
    assert plusofon.get_allowed_directions(provider=settings_of(sandbox)) == []


@pytest.mark.parametrize(
    "text, open_codes, all_codes",
    [
        ("hung", ["36"], ["36"]),
        ("ВЕНГ", ["36"], ["36"]),
        (" Hungary ", ["36"], ["36"]),
        ("куба", ["53"], ["53"]),
        ("russia", [], ["7"]),
        ("36", ["36"], ["36"]),
        ("+3-6", ["36"], ["36"]),
        ("Atlantis", [], []),
    ],
)
def test_a_text_is_searched_in_both_languages_and_at_the_beginning_of_codes(
    sandbox: Sandbox, text: str, open_codes: list[str], all_codes: list[str]
) -> None:
    settings = settings_of(sandbox)
    assert codes(plusofon.get_allowed_directions(text, settings)) == open_codes
    assert codes(plusofon.get_directions(text, settings)) == all_codes


@pytest.mark.parametrize("read, path", WITH_PATHS)
def test_each_reading_is_one_call(sandbox: Sandbox, read: Callable[..., Any], path: str) -> None:
    read("hung", provider=settings_of(sandbox))
    assert [(request.method, request.path) for request in sandbox.requests] == [("GET", path)]


# Whose account


@pytest.mark.parametrize("read", READ)
def test_without_a_provider_it_is_the_stack_s_account(
    sandbox: Sandbox, read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUSOFON_TOKEN", "a-stray-token")
    monkeypatch.setenv("PLUSOFON_BASE_URL", "https://stray.invalid")
    assert codes(result(lambda: read("hungary"), stack_of(sandbox))) == ["36"]


@pytest.mark.parametrize("read", READ)
def test_what_the_stack_does_not_say_comes_from_the_environment(
    read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(open=["36"], client_id="77") as sandbox:
        monkeypatch.setenv("PLUSOFON_TOKEN", sandbox.token)
        monkeypatch.setenv("PLUSOFON_BASE_URL", sandbox.url)
        assert codes(result(lambda: read("hungary"), {"plusofon:clientId": "77"})) == ["36"]
        monkeypatch.setenv("PLUSOFON_CLIENT_ID", "77")
        assert codes(read("hungary")) == ["36"], "also without a program"


def test_settings_beat_the_stack_and_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUSOFON_TOKEN", "a-stray-token")
    settings = settings_of(sandbox)
    stray = {"plusofon:token": "another", "plusofon:baseUrl": "https://stray.invalid"}
    assert codes(result(lambda: plusofon.get_allowed_directions(provider=settings), stray)) == ["7", "36", "53"]


@pytest.mark.parametrize("how", [{"mocked": True}, {}, {"preview": True}], ids=["mocks", "update", "preview"])
@pytest.mark.parametrize("read", READ)
def test_a_provider_s_account_is_read_into_an_output_that_is_no_secret(
    sandbox: Sandbox, read: Callable[..., Any], how: dict[str, bool]
) -> None:
    got: dict[str, Any] = {}

    def program() -> None:
        second = plusofon.Provider("second", pulumi.Output.secret(sandbox.token), base_url=sandbox.url)
        found = read("hungary", provider=second)
        found.apply(lambda directions: got.update(found=directions))
        pulumi.Output.from_input(found.is_secret()).apply(lambda secret: got.update(secret=secret))

    run(program, config={"plusofon:token": "another"}, **how)
    assert got == {"found": [HUNGARY], "secret": False}


def test_a_provider_has_what_it_was_not_given_from_the_stack() -> None:
    got: dict[str, Any] = {}
    with Sandbox(open=["36"], client_id="77") as sandbox:

        def program() -> None:
            found = plusofon.get_allowed_directions(provider=plusofon.Provider("second", sandbox.token))
            found.apply(lambda directions: got.update(codes=codes(directions)))

        run(program, config={"plusofon:baseUrl": sandbox.url, "plusofon:clientId": "77"})
    assert got == {"codes": ["36"]}


def test_a_token_that_is_not_known_yet_is_waited_for(sandbox: Sandbox) -> None:
    got: list[Any] = []

    def program() -> None:
        first = plusofon.AllowedDirection("first", code="36")
        second = plusofon.Provider("second", first.name.apply(lambda _: sandbox.token), base_url=sandbox.url)
        plusofon.get_allowed_directions(provider=second).apply(got.append)

    run(program, preview=True)
    assert got == []
    run(program, outputs={"first": {"name": "Венгрия"}})
    assert codes(got[0]) == ["7", "36", "53"]


# Failures


def told(read: Callable[[], Any], config: dict[str, str] | None = None) -> str:
    """Return what a program fails with, which Pulumi shows without a traceback."""
    _, error = attempt(read, config=config)
    assert type(error) is pulumi.RunError
    assert error.__suppress_context__
    assert error.__cause__ is None
    return str(error)


@pytest.mark.parametrize("read", READ)
def test_no_token_is_told_in_plain_words(read: Callable[..., Any]) -> None:
    assert told(read).startswith("there is no Plusofon token: run `pulumi config set --secret plusofon:token`, or set")
    with pytest.raises(pulumi.RunError, match=r"^there is no Plusofon token"):
        read()


@pytest.mark.parametrize("read", READ)
def test_an_empty_setting_of_the_stack_is_told_in_plain_words(read: Callable[..., Any]) -> None:
    assert told(read, {"plusofon:token": " "}).startswith(
        "plusofon:token is set in the stack's configuration, but empty"
    )


@pytest.mark.parametrize("token", [None, "", " "])
def test_a_provider_without_a_token_is_named_and_nothing_takes_its_place(
    token: Any, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUSOFON_TOKEN", sandbox.token)

    def program() -> None:
        plusofon.get_allowed_directions(provider=plusofon.Provider("second", token))

    assert told(program, stack_of(sandbox)).startswith('the Provider "second" has no token: give it one as `token=`; ')
    assert sandbox.calls() == 0


@pytest.mark.parametrize("read, path", WITH_PATHS)
@pytest.mark.parametrize(
    "fault, why",
    [
        ("status:401", "the answer is 401"),
        ("status:503", "the answer is 503"),
        ("html:200", "the answer (200) is not JSON"),
        ("success-false", "the answer (200) says that it failed"),
        ("reset", "the connection broke"),
    ],
)
def test_an_api_that_does_not_answer_is_told_in_plain_words_and_never_an_empty_list(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    read: Callable[..., Any],
    path: str,
    fault: str,
    why: str,
) -> None:
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.001)
    sandbox.fail_next(99, fault)
    error = told(read, stack_of(sandbox))
    assert error.startswith(f"GET {path} at 127.0.0.1: {why}")
    assert sandbox.token not in error
    with pytest.raises(pulumi.RunError):
        read(provider=settings_of(sandbox))


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(_: PlusofonClient) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr(PlusofonClient, "get_directions", mistaken)
    with pytest.raises(KeyError, match="a mistake"):
        plusofon.get_directions(provider=Settings("t0ken"))


@pytest.mark.parametrize("fault", [None, "status:403"])
@pytest.mark.parametrize("read", READ)
def test_no_connection_is_left_open(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, read: Callable[..., Any], fault: str | None
) -> None:
    closed: list[PlusofonClient] = []
    close = PlusofonClient.close

    def noted(self: PlusofonClient) -> None:
        closed.append(self)
        close(self)

    monkeypatch.setattr(PlusofonClient, "close", noted)
    if fault is None:
        read(provider=settings_of(sandbox))
    else:
        sandbox.fail_next(1, fault)
        with pytest.raises(pulumi.RunError):
            read(provider=settings_of(sandbox))
    assert len(closed) == 1
