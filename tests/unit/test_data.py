"""What programs look up: one direction by its exact name, the catalogue, and what is open in an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partialmethod
from typing import Any

import pulumi
import pytest

import plusofon_pulumi as plusofon
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.settings import Settings
from tests.unit.programs import attempt, run
from tests.unit.support import settings_of

HUNGARY = Direction("36", "Венгрия", "Hungary")
NO_TOKEN = "there is no Plusofon token: run `pulumi config set --secret plusofon:token`"  # no token at all

Read = Callable[..., Any]
READS = [plusofon.get_direction, plusofon.get_directions, plusofon.get_allowed_directions]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An account with three codes open."""
    with Sandbox(open=["7", "36", "53"]) as running:
        yield running


def stack_of(sandbox: Sandbox) -> dict[str, str]:
    return {"plusofon:token": sandbox.token, "plusofon:baseUrl": sandbox.url}


def codes(found: Any) -> list[str]:
    return [each.code for each in (found if isinstance(found, list) else [found])]


def failure(read: Callable[[], Any], config: dict[str, str] | None = None) -> str:
    """Return what a program fails with, which Pulumi shows without a traceback."""
    _, error = attempt(read, config=config)
    assert type(error) is pulumi.RunError
    assert error.__suppress_context__
    return str(error)


@pytest.mark.parametrize("text", ["Hungary", " ВЕНГРИЯ\n", "36", "+3-6"])
def test_get_direction_finds_the_one_with_exactly_this_code_or_name(sandbox: Sandbox, text: str) -> None:
    assert plusofon.get_direction(text, settings_of(sandbox)) == HUNGARY
    assert [(each.method, each.path) for each in sandbox.requests] == [("GET", "/api/v1/directions")]


@pytest.mark.parametrize(
    "text, code", [("Oman", "968"), ("Mali", "223"), ("Niger", "227"), ("Russia", "7"), ("Kazakhstan", "7")]
)
def test_a_name_within_other_names_is_found_alone(sandbox: Sandbox, text: str, code: str) -> None:
    assert codes(plusofon.get_direction(text, settings_of(sandbox))) == [code]


@pytest.mark.parametrize(
    "text, says",
    [
        ("Hungray", "has no direction with the code or name 'Hungray'; the nearest: 36 (Hungary)"),
        ("999999", "has no direction with the code or name '999999'; the nearest: "),
        ("", "has no direction with the code or name ''"),
        ("qqqq", "has no direction with the code or name 'qqqq'"),
    ],
)
def test_get_direction_fails_with_the_nearest_if_there_is_none(sandbox: Sandbox, text: str, says: str) -> None:
    assert f"Plusofon's catalogue {says}" in failure(lambda: plusofon.get_direction(text), stack_of(sandbox))


def test_get_direction_fails_if_there_are_several(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    twins = plusofon.Catalogue([HUNGARY, Direction("37", "", "Hungary")])
    monkeypatch.setattr(PlusofonClient, "get_directions", lambda _: twins)
    says = "'hungary' is the name of several directions: 36 (Hungary), 37 (Hungary); give a code"
    assert failure(lambda: plusofon.get_direction("hungary"), stack_of(sandbox)) == says


def test_the_lists_are_searched_by_a_part_of_a_name_or_a_code(sandbox: Sandbox) -> None:
    settings = settings_of(sandbox)
    assert len(plusofon.get_directions(provider=settings)) > 230
    assert codes(plusofon.get_allowed_directions(provider=settings)) == ["7", "36", "53"]
    for text, there_are, are_open in [("венг", ["36"], ["36"]), ("oman", ["968", "40"], []), ("Atlantis", [], [])]:
        assert sorted(codes(plusofon.get_directions(text, settings)), reverse=True) == there_are
        assert codes(plusofon.get_allowed_directions(text, settings)) == are_open


@pytest.mark.parametrize("read", READS[1:])
def test_a_blank_text_is_never_all_of_them(sandbox: Sandbox, read: Read) -> None:
    says = "the text to search for is blank: leave it out to get all directions"
    assert failure(lambda: read(" "), stack_of(sandbox)) == says


# Whose account


@pytest.mark.parametrize("read", READS)
def test_the_account_is_the_stack_s_or_the_environment_s(
    sandbox: Sandbox, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[Any] = []
    monkeypatch.setenv("PLUSOFON_TOKEN", "a-stray-token")
    monkeypatch.setenv("PLUSOFON_BASE_URL", "https://stray.invalid")
    run(lambda: got.append(read("hungary")), config=stack_of(sandbox))
    monkeypatch.setenv("PLUSOFON_TOKEN", sandbox.token)
    monkeypatch.setenv("PLUSOFON_BASE_URL", sandbox.url)
    got.append(read("hungary"))
    assert [codes(each) for each in got] == [["36"], ["36"]]


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("read", READS)
def test_a_provider_s_account_is_read_into_an_output_that_is_no_secret(
    sandbox: Sandbox, read: Read, preview: bool
) -> None:
    got: dict[str, Any] = {}

    def program() -> None:
        found = read("hungary", provider=plusofon.Provider("second", sandbox.token, base_url=sandbox.url))
        found.apply(lambda found: got.update(found=codes(found)))
        pulumi.Output.from_input(found.is_secret()).apply(lambda secret: got.update(secret=secret))

    run(program, config={"plusofon:token": "another"}, preview=preview)
    assert got == {"found": ["36"], "secret": False}


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


@pytest.mark.parametrize("token", [None, " "])
def test_nothing_takes_the_place_of_a_provider_s_token(token: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUSOFON_TOKEN", "of-the-environment")
    error = failure(lambda: plusofon.get_directions(provider=plusofon.Provider("second", token)))
    assert error.startswith('the Provider "second" has no token: give it one as `token=`; ')


# Failures


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize(
    "config, says",
    [({}, NO_TOKEN), ({"plusofon:token": " "}, "plusofon:token is set in the stack's configuration, but")],
)
def test_settings_that_cannot_work_fail_in_plain_words(read: Read, config: dict[str, str], says: str) -> None:
    assert failure(lambda: read("36"), config).startswith(says)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("fault", ["status:401", "status:500", "html:200", "reset"])
@pytest.mark.usefixtures("no_pauses")
def test_an_api_that_fails_is_never_an_empty_list(sandbox: Sandbox, read: Read, fault: str) -> None:
    sandbox.fail_next(99, fault)
    error = failure(lambda: read("36"), stack_of(sandbox))
    assert error.startswith(f"GET {sandbox.url}/api/v1/direction")
    assert sandbox.token not in error


def test_a_mistake_of_ours_keeps_its_traceback_and_no_connection_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []
    monkeypatch.setattr(PlusofonClient, "get_directions", lambda _: {"": 0}["a mistake"])
    monkeypatch.setattr(PlusofonClient, "close", partialmethod(closed.append))
    with pytest.raises(KeyError, match="a mistake"):
        plusofon.get_directions(provider=Settings("t"))
    assert len(closed) == 1
