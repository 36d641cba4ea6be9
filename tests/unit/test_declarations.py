"""Declarations of one program that contradict each other: found before anything is registered."""

from __future__ import annotations

import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pulumi
import pytest

import plusofon_pulumi as plusofon
from plusofon_pulumi.resources import declarations
from tests.unit.programs import attempt

KEEP_ONE = "keep one of them."


def single(name: str, code: Any, **opts: Any) -> plusofon.AllowedDirection:
    return plusofon.AllowedDirection(name, code=code, opts=pulumi.ResourceOptions(**opts))


def whole(name: str, codes: Any, **opts: Any) -> plusofon.AllowedDirections:
    return plusofon.AllowedDirections(name, codes=codes, opts=pulumi.ResourceOptions(**opts))


def later(value: Any) -> pulumi.Output[Any]:
    """Return what is known only once another resource exists."""
    return single("first", "44").english_name.apply(lambda _: value)


def outcome(*acts: Callable[[], Any], preview: bool = False) -> tuple[str, set[str]]:
    """Run a program of these acts; return its error and the names of what it has registered."""

    def program() -> None:
        for act in acts:
            act()

    resources, error = attempt(program, outputs={"first": {"english_name": "UK"}}, preview=preview)
    assert error is None or type(error) is pulumi.RunError, error
    return str(error or ""), {each.name for each in resources}


def both(one: str, other: str, code: str) -> str:
    return f'AllowedDirection "{one}" and AllowedDirection "{other}" both declare the code {code}: {KEEP_ONE}'


def each(one: str, other: str) -> str:
    first, second = f'AllowedDirections "{one}"', f'AllowedDirections "{other}"'
    return f"{first} and {second} each declare the whole list of one account: {KEEP_ONE}"


def lacks(one: str, code: str, all_: str) -> str:
    return (
        f'AllowedDirection "{one}" declares the code {code}, which AllowedDirections "{all_}" does not list and so '
        f'would close: add it to the codes of AllowedDirections "{all_}", or remove AllowedDirection "{one}".'
    )


CONFLICTS = [
    ([lambda: single("a", "36"), lambda: single("b", "36")], [both("a", "b", "36")]),
    ([lambda: single("a", 36), lambda: single("b", " +3-6 ")], [both("a", "b", "36")]),
    (
        [lambda: single("a", "36"), lambda: single("b", "36"), lambda: single("c", "36")],
        [both("a", "b", "36"), both("a", "c", "36")],
    ),
    (
        [lambda: single("a", "7"), lambda: single("b", "36"), lambda: single("c", "7"), lambda: single("d", "36")],
        [both("a", "c", "7"), both("b", "d", "36")],
    ),
    ([lambda: whole("a", ["36"]), lambda: whole("b", ["36"])], [each("a", "b")]),
    ([lambda: whole("a", []), lambda: whole("b", ())], [each("a", "b")]),
    ([lambda: whole("a", []), lambda: whole("b", []), lambda: whole("c", [])], [each("a", "b"), each("b", "c")]),
    ([lambda: whole("a", None), lambda: whole("b", "36")], [each("a", "b")]),
    ([lambda: single("a", "58"), lambda: whole("w", [36, "7"])], [lacks("a", "58", "w")]),
    ([lambda: whole("w", []), lambda: single("a", "58")], [lacks("a", "58", "w")]),
    ([lambda: whole("w", None), lambda: single("a", "58")], [lacks("a", "58", "w")]),
    (
        [lambda: whole("w", ["36"]), lambda: single("a", "58"), lambda: single("b", "+58")],
        [lacks("a", "58", "w"), both("a", "b", "58"), lacks("b", "58", "w")],
    ),
    ([lambda: whole("w", pulumi.Output.from_input(["36"])), lambda: single("a", "58")], [lacks("a", "58", "w")]),
    ([lambda: single("a", pulumi.Output.from_input("36")), lambda: single("b", "36")], [both("a", "b", "36")]),
]


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("acts, told", CONFLICTS)
def test_every_conflict_is_a_line_with_both_names_and_the_code_and_nothing_is_registered(
    acts: list[Callable[[], Any]], told: list[str], preview: bool
) -> None:
    error, registered = outcome(lambda: single("before", "44"), *acts, preview=preview)
    # What the program declares first is told first, whichever of its resources comes upon it.
    lines = [line for line in error.splitlines() if '"before"' not in line]
    assert lines == told
    assert registered == set()


def test_of_many_conflicts_ten_are_told() -> None:
    error, _ = outcome(*(lambda name=f"r{n}": single(name, "36") for n in range(12)))
    told = [both("r0", f"r{n}", "36") for n in range(1, 11)]
    assert error.splitlines() == [*told, "Conflicts that are not told: 1."]


def test_two_lists_without_a_code_that_could_wait_for_the_verdict_conflict_too() -> None:
    assert outcome(lambda: whole("a", []), lambda: whole("b", [])) == (each("a", "b"), set())


@pytest.mark.parametrize(
    "acts",
    [
        [lambda: single("a", "36"), lambda: single("b", "7")],
        [lambda: single("a", "36"), lambda: whole("w", ["+36", "7"])],
        [lambda: whole("w", {36, 7}), lambda: single("a", "36"), lambda: single("b", "7")],
        [lambda: single("a", ""), lambda: single("b", "")],
        [lambda: single("a", "Hungary"), lambda: single("b", "Hungary"), lambda: whole("w", ["Hungary"])],
        [lambda: single("a", None), lambda: single("b", None), lambda: whole("w", [None])],
        [lambda: whole("w", pulumi.Output.from_input(["36"])), lambda: single("a", "36")],
        [lambda: whole("w", pulumi.Output.from_input(("36", "7"))), lambda: single("a", "36")],
        [lambda: whole("w", ["7", pulumi.Output.from_input("36")]), lambda: single("a", "36")],
        [lambda: whole("w", pulumi.Output.from_input({"36", "7"})), lambda: single("a", "36")],
        [lambda: single("a", "36", ignore_changes=["code"]), lambda: single("b", "36")],
        [lambda: single("a", "36", ignore_changes=["*"]), lambda: single("b", "36")],
        [lambda: single("a", "58"), lambda: whole("w", ["36"], ignore_changes=["codes[0]"])],
        [lambda: single("a", "58"), lambda: whole("w", [], ignore_changes=["codes"])],
        [lambda: whole("v", []), lambda: whole("w", [], ignore_changes=["codes", "on_destroy"])],
    ],
)
def test_what_does_not_contradict_or_is_no_code_is_registered(acts: list[Callable[[], Any]]) -> None:
    error, registered = outcome(*acts)
    assert error == ""
    assert len(registered) == len(acts)


def test_what_is_ignored_otherwise_counts() -> None:
    for path in ("name", "on_destroy", "codecs"):
        error, _ = outcome(partial(single, "a", "36", ignore_changes=[path]), lambda: single("b", "36"))
        assert error == both("a", "b", "36")


# Outputs


def test_a_code_that_is_known_later_is_compared_then() -> None:
    error, registered = outcome(lambda: single("a", "36"), lambda: single("b", later(36)))
    assert error == both("a", "b", "36")
    assert registered == {"first", "a"}


def test_a_list_that_is_known_later_is_compared_then() -> None:
    acts = [lambda: single("a", "58"), lambda: whole("w", later(["44"]))]
    error, registered = outcome(*acts)
    assert error == lacks("a", "58", "w")
    assert registered == {"first", "a"}
    assert outcome(lambda: single("a", "58"), lambda: whole("w", later(("44", "58"))))[0] == ""


def test_a_list_lacks_nothing_while_one_of_its_codes_is_not_known() -> None:
    error, registered = outcome(lambda: single("a", "58"), lambda: whole("w", ["44", later("58")]))
    assert (error, registered) == ("", {"first", "a", "w"})


@pytest.mark.parametrize("acts", [[lambda: single("b", later("36"))], [lambda: whole("w", later([]))]])
def test_what_a_preview_does_not_know_is_no_conflict(acts: list[Callable[[], Any]]) -> None:
    def program() -> None:
        single("a", "36")
        for act in acts:
            act()

    resources, error = attempt(program, preview=True)
    assert error is None
    assert len(resources) == 3


# Accounts


def second(name: str = "second") -> plusofon.Provider:
    return plusofon.Provider(name, "t0ken", base_url="https://own.example")


def office(provider: plusofon.Provider) -> pulumi.ComponentResource:
    opts = pulumi.ResourceOptions(providers=[provider])
    return pulumi.ComponentResource("test:index:Office", "office", opts=opts)


def test_each_account_has_its_own_list() -> None:
    def program() -> None:
        one, other = second("one"), second("other")
        whole("w", ["36"])
        whole("of-one", ["58"], provider=one)
        whole("of-other", [], provider=other)
        single("a", "36")
        single("b", "58", provider=one)

    assert outcome(program)[0] == ""


def test_an_account_is_the_same_however_a_resource_comes_to_it() -> None:
    def program() -> None:
        provider = second()
        single("given", "36", provider=provider)
        single("inherited", "36", parent=office(provider))
        single("elsewhere", "36")

    error, _ = outcome(program)
    assert error == both("given", "inherited", "36")


# Programs


def test_one_program_after_another_does_not_see_the_first() -> None:
    for _ in range(2):
        assert outcome(lambda: single("a", "36"), lambda: single("b", "7"))[0] == ""


def test_programs_at_once_in_two_threads_do_not_see_each_other() -> None:
    with ThreadPoolExecutor(4) as threads:
        conflict = [threads.submit(outcome, lambda: whole("v", []), lambda: whole("w", [])) for _ in range(4)]
        fine = [threads.submit(outcome, lambda: single("a", "36"), lambda: single("b", "7")) for _ in range(4)]
    assert [each.result()[0] for each in fine] == [""] * 4
    assert [done.result() for done in conflict] == [(each("v", "w"), set())] * 4


def test_what_a_program_declared_is_forgotten_with_it() -> None:
    gc.collect()
    before = len(declarations._groups)
    for _ in range(3):
        outcome(lambda: single("a", "36"), lambda: whole("w", ["36"]))
        outcome(lambda: whole("v", []), lambda: whole("w", []))
    gc.collect()
    assert len(declarations._groups) == before
