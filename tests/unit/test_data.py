"""What programs look up: one direction by its exact name, the catalogue, and what is open in an account."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import plusofon_pulumi as plusofon
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.settings import Settings
from tests.unit.programs import run
from tests.unit.support import settings_of

HUNGARY = Direction("36", "Венгрия", "Hungary")
READS = [plusofon.get_direction, plusofon.get_directions, plusofon.get_allowed_directions]


@pytest.fixture(autouse=True)
def three_are_open(sandbox: Sandbox) -> None:
    sandbox.set_open(["7", "36", "53"])


def stack_of(sandbox: Sandbox) -> dict[str, str]:
    return {"plusofon:token": sandbox.token, "plusofon:baseUrl": sandbox.url}


def codes(found: Any) -> list[str]:
    return [each.code for each in (found if isinstance(found, list) else [found])]


def failure(read: Callable[[], Any], config: dict[str, str] | None = None) -> str:
    """Return what a program fails with, which Pulumi shows without a traceback."""
    with pytest.raises(pulumi.RunError) as caught:
        run(read, config=config)
    assert caught.value.__suppress_context__
    return str(caught.value)


@pytest.mark.parametrize("text", ["Hungary", " ВЕНГРИЯ\n", "36", "+3-6"])
def test_get_direction_finds_the_one_with_exactly_this_code_or_name(sandbox: Sandbox, text: str) -> None:
    assert plusofon.get_direction(text, settings_of(sandbox)) == HUNGARY
    assert [(each.method, each.path) for each in sandbox.requests] == [("GET", "/api/v1/directions")]


NONE = "Plusofon's catalogue has no direction with the code or name"


@pytest.mark.parametrize(
    "text, says",
    [
        ("Hungray", f"{NONE} 'Hungray'; the nearest: 36 (Hungary)"),
        ("qqqq", f"{NONE} 'qqqq'"),
        (" ", f"{NONE} ' '"),
        ("twin", "'twin' is the name of several directions: 37 (Twin), 38 (Twin); give a code"),
    ],
)
def test_get_direction_fails_unless_there_is_exactly_one(text: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = plusofon.Catalogue([HUNGARY, Direction("37", "", "Twin"), Direction("38", "", "Twin")])
    monkeypatch.setattr(PlusofonClient, "get_directions", lambda _: catalogue)
    assert failure(lambda: plusofon.get_direction(text), {"plusofon:token": "t"}) == says


def test_the_lists_are_searched_by_a_part_of_a_name_or_a_code(sandbox: Sandbox) -> None:
    settings = settings_of(sandbox)
    assert len(plusofon.get_directions(provider=settings)) > 230
    assert codes(plusofon.get_allowed_directions(provider=settings)) == ["7", "36", "53"]
    for text, there_are, are_open in [("венг", ["36"], ["36"]), ("oman", ["968", "40"], []), ("Atlantis", [], [])]:
        assert sorted(codes(plusofon.get_directions(text, settings)), reverse=True) == there_are
        assert codes(plusofon.get_allowed_directions(text, settings)) == are_open


def test_a_blank_text_is_never_all_of_them(sandbox: Sandbox) -> None:
    says = "the text to search for is blank: leave it out to get all directions"
    assert failure(lambda: plusofon.get_directions(" "), stack_of(sandbox)) == says
    assert failure(lambda: plusofon.get_allowed_directions(" "), stack_of(sandbox)) == says


@pytest.mark.parametrize("read", READS)
def test_the_account_is_the_stack_s_or_the_environment_s(
    sandbox: Sandbox, read: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[Any] = []
    monkeypatch.setenv("PLUSOFON_TOKEN", "a-stray-token")
    run(lambda: got.append(read("hungary")), config=stack_of(sandbox))
    monkeypatch.setenv("PLUSOFON_TOKEN", sandbox.token)
    monkeypatch.setenv("PLUSOFON_BASE_URL", sandbox.url)
    got.append(read("hungary"))
    assert [codes(each) for each in got] == [["36"], ["36"]]


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("read", READS)
def test_a_provider_s_account_is_read_into_an_output_that_is_no_secret(
    sandbox: Sandbox, read: Callable[..., Any], preview: bool
) -> None:
    got: dict[str, Any] = {}

    def program() -> None:
        found = read("hungary", provider=plusofon.Provider("second", sandbox.token, base_url=sandbox.url))
        found.apply(lambda found: got.update(found=codes(found)))
        pulumi.Output.from_input(found.is_secret()).apply(lambda secret: got.update(secret=secret))

    run(program, config={"plusofon:token": "another"}, preview=preview)
    assert got == {"found": ["36"], "secret": False}


@pytest.mark.parametrize("read", READS)
def test_what_fails_is_never_an_empty_list(sandbox: Sandbox, read: Callable[..., Any]) -> None:
    assert failure(lambda: read("36")).startswith("there is no Plusofon token: ")
    error = failure(lambda: read("36"), {**stack_of(sandbox), "plusofon:token": "refused"})
    assert error.startswith(f"GET {sandbox.url}/api/v1/direction")
    assert "Check the token of plusofon:token in the stack's configuration" in error


def test_a_mistake_of_ours_keeps_its_traceback_and_no_connection_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []
    monkeypatch.setattr(PlusofonClient, "get_directions", lambda _: {"": 0}["a mistake"])
    monkeypatch.setattr(PlusofonClient, "close", functools.partialmethod(closed.append))
    with pytest.raises(KeyError, match="a mistake"):
        plusofon.get_directions(provider=Settings("t"))
    assert len(closed) == 1
