"""The program and the import file that adoption writes: what is in them, and that tools have nothing to say of them."""

from __future__ import annotations

import ast
import base64
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import dill
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.dynamic.dynamic import serialize_provider

from plusofon_pulumi import AllowedDirection, AllowedDirections, identity
from plusofon_pulumi.adoption import Adoption, ProviderInState, adopt, resource_name
from plusofon_pulumi.directions import Catalogue, Direction
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from plusofon_pulumi.sandbox import account as sandboxes

CATALOGUE = Catalogue(Direction(row.code, row.name, row.english_name, row.id) for row in sandboxes.catalogue())
ALL = list(CATALOGUE.values())
SECOND = ProviderInState(
    "call-centre", "urn:pulumi:dev::test::pulumi:providers:pulumi-python::call-centre", client_id="77"
)


def opened(*codes: str) -> list[Direction]:
    """Return rows as the list of open directions has them: the first of the rows that share a code."""
    return [next(row for row in CATALOGUE.rows if row.code == code) for code in codes]


def imported(adoption: Adoption) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = json.loads(adoption.import_file)["resources"]
    return resources


# What state holds


def test_the_constants_are_what_the_sdk_and_the_classes_make() -> None:
    for constant, provider in (
        (identity.DIRECTION_PROVIDER, AllowedDirectionProvider),
        (identity.DIRECTIONS_PROVIDER, AllowedDirectionsProvider),
    ):
        assert type(dill.loads(base64.b64decode(constant))) is provider  # noqa: S301  # our own constant
        # Since 3.14, Python pickles by another protocol.
        assert serialize_provider(provider()) == constant or sys.version_info >= (3, 14)
    assert f"pulumi-python:{AllowedDirection._resource_type_name}" == identity.DIRECTION_TYPE
    assert f"pulumi-python:{AllowedDirections._resource_type_name}" == identity.DIRECTIONS_TYPE


def test_a_single_is_imported_with_what_its_creation_would_have_left_in_state() -> None:
    [resource] = imported(adopt(opened("7"), CATALOGUE))
    made_by = {"__provider": identity.DIRECTION_PROVIDER}
    names = {"name": "Казахстан, Россия", "english_name": "Kazakhstan, Russia"}
    assert resource == {
        "type": "pulumi-python:dynamic/plusofon:AllowedDirection",
        "name": "russia-and-others-7",
        "id": "7",
        "inputs": {**made_by, "code": "7"},
        "outputs": {**made_by, "code": "7", **names},
    }


def test_the_whole_list_is_imported_as_one_resource() -> None:
    [resource] = imported(adopt(opened("7", "36"), CATALOGUE, exclusive=True))
    inputs = {"__provider": identity.DIRECTIONS_PROVIDER, "codes": ["36", "7"], "on_destroy": "retain"}
    directions = [
        {"code": "36", "name": "Венгрия", "english_name": "Hungary"},
        {"code": "7", "name": "Казахстан, Россия", "english_name": "Kazakhstan, Russia"},
    ]
    assert resource == {
        "type": "pulumi-python:dynamic/plusofon:AllowedDirections",
        "name": "account",
        "id": "allowed-directions",
        "inputs": inputs,
        "outputs": {**inputs, "directions": directions},
    }


def test_the_program_of_the_whole_list_has_the_codes_by_number() -> None:
    program = adopt(opened("380", "7", "44", "36"), CATALOGUE, exclusive=True).program
    assert re.findall(r'^        "(\d+)",', program, re.MULTILINE) == ["7", "36", "44", "380"]


def test_an_open_code_that_the_catalogue_has_not_keeps_the_names_of_the_list() -> None:
    [resource] = imported(adopt([Direction("999", "Луна", "Moon")], CATALOGUE))
    assert resource["name"] == "moon-999"
    assert resource["outputs"]["name"] == "Луна"


def test_a_code_that_the_list_has_twice_is_one_resource() -> None:
    rows = [row for row in CATALOGUE.rows if row.code == "7"]
    assert [each["id"] for each in imported(adopt(rows, CATALOGUE))] == ["7"]


@pytest.mark.parametrize("exclusive", [False, True])
def test_a_provider_is_in_the_name_table_and_its_name_before_every_resource_s(exclusive: bool) -> None:
    adoption = adopt(opened("36"), CATALOGUE, exclusive=exclusive, provider=SECOND)
    assert json.loads(adoption.import_file)["nameTable"] == {"call-centre": SECOND.urn}
    [resource] = imported(adoption)
    assert resource["provider"] == "call-centre"
    # Another account of the stack may have the same code open.
    assert resource["name"] == ("call-centre-account" if exclusive else "call-centre-hungary-36")
    assert resource["name"] in adoption.program


# Names


@pytest.mark.parametrize(
    "code, english_name, name",
    [
        ("36", "Hungary", "hungary-36"),
        ("225", "Côte d’Ivoire", "cote-d-ivoire-225"),
        ("36", "  ÅLAND (test) & Co. ", "aland-test-co-36"),
        ("36", "", "direction-36"),
        ("36", "Венгрия", "direction-36"),
        ("36", "匈牙利 🇭🇺", "direction-36"),
        ("36", 'a"b\\c\n\x1b[31m', "a-b-c-31m-36"),
        ("36", "Republic of the very long names that never end", "republic-of-the-very-long-names-36"),
        ("36", "x" * 200, f"{'x' * 32}-36"),
        ("36", "36", "36-36"),
    ],
)
def test_a_resource_s_name_is_made_of_the_english_name_and_the_code(code: str, english_name: str, name: str) -> None:
    assert resource_name(Direction(code, "Имя", english_name), Catalogue([])) == name


def test_a_shared_code_is_called_after_the_country_that_it_is_best_known_by() -> None:
    shared = ["1", "7", "44", "47", "61", "212", "262", "290", "358", "590"]
    names = [resource_name(CATALOGUE[code], CATALOGUE) for code in shared]
    assert names == [
        "united-states-and-others-1",
        "russia-and-others-7",
        "united-kingdom-and-others-44",
        "norway-and-others-47",
        "australia-and-others-61",
        "morocco-and-others-212",
        "reunion-and-others-262",
        "st-helena-and-others-290",
        "finland-and-others-358",
        "guadeloupe-and-others-590",
    ]
    others = Catalogue([Direction("7", "", "Kazakstan", "1"), Direction("7", "", "Russian Federation", "2")])
    assert resource_name(others["7"], others) == "kazakstan-and-others-7"


@given(st.lists(st.tuples(st.from_regex(r"[1-9][0-9]{0,14}", fullmatch=True), st.text()), max_size=8))
def test_names_are_unique_stable_and_plain_whatever_the_countries_are_called(rows: list[tuple[str, str]]) -> None:
    catalogue = Catalogue(Direction(code, name, name, str(n)) for n, (code, name) in enumerate(rows))
    adoption = adopt(catalogue.rows, catalogue)
    names = [each["name"] for each in imported(adoption)]
    assert len(set(names)) == len(names) == len(catalogue)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)
    assert adopt(reversed(catalogue.rows), catalogue) == adoption
    for program in (adoption.program, adopt(catalogue.rows, catalogue, exclusive=True).program):
        ast.parse(program)
        # The comments may be cut, the code may not.
        assert all(len(line) <= 88 for line in program.splitlines())


# The program


def test_the_program_of_singles_reads_well() -> None:
    assert (
        adopt(opened("36", "7"), CATALOGUE).program
        == '''\
"""The call directions that `plusofon adopt` found open in a Plusofon account.

Each of these calling codes is kept open. Others are none of this program's business.
"""

import plusofon_pulumi as plusofon
import pulumi

# Protected: when a line below is lost, the next `pulumi up` would otherwise close a
# code that is in use. To close one on purpose: `pulumi state unprotect` its resource,
# remove its line, and run `pulumi up`.
opts = pulumi.ResourceOptions(protect=True)

# The resource's name in Pulumi, and the calling code.
DIRECTIONS: dict[str, str] = {
    "hungary-36": "36",
    "russia-and-others-7": "7",  # Kazakhstan, Russia
}

for name, code in DIRECTIONS.items():
    plusofon.AllowedDirection(name, code=code, opts=opts)
'''
    )


def test_the_program_of_the_whole_list_declares_a_provider_as_state_has_it() -> None:
    provider = ProviderInState("call-centre", "urn:…", base_url="https://restapi.plusofon.ru", client_id="77")
    program = adopt(opened("36"), CATALOGUE, exclusive=True, provider=provider).program
    assert (
        """
# The account that the codes belong to; a token is never written into a program.
config = pulumi.Config()
account = plusofon.Provider(
    "call-centre",
    token=config.require_secret("callCentreToken"),
    client_id="77",
    base_url="https://restapi.plusofon.ru",
)

plusofon.AllowedDirections(
    "call-centre-account",
    codes=[
        "36",  # Hungary
    ],
"""
        in program
    )
    assert "opts=pulumi.ResourceOptions(provider=account, protect=True)," in program


@pytest.mark.parametrize(
    "name, key",
    [("second", "secondToken"), ("Call centre #2", "callCentre2Token"), ("второй", "accountToken"), ("a", "aToken")],
)
def test_the_token_s_key_is_made_of_the_provider_s_name(name: str, key: str) -> None:
    assert ProviderInState(name, "urn").token_key == key


PROGRAMS = {
    "nothing": adopt([], CATALOGUE),
    "nothing_exclusive": adopt([], CATALOGUE, exclusive=True),
    "one": adopt(opened("36"), CATALOGUE),
    "all": adopt(ALL, CATALOGUE),
    "all_exclusive": adopt(ALL, CATALOGUE, exclusive=True, provider=SECOND),
    "odd": adopt([Direction("36", '"""\\\n', '"""\\ \'\x1b\u2028\u202e #}')], Catalogue([]), exclusive=True),
    "odd_provider": adopt(
        opened("36"), CATALOGUE, provider=ProviderInState('a"b', "urn", base_url="https://x'y", client_id="é")
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("programs")
    for name, adoption in PROGRAMS.items():
        (made / f"{name}.py").write_text(adoption.program, encoding="utf-8")
    return made


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--isolated"],
        # Also most of what the strictest would ask of a program, but for what a program is not asked for.
        ["ruff", "check", "--isolated", "--select", "ALL", "--ignore", "CPY,INP,D203,D213,COM,RUF003"],
        ["ruff", "format", "--isolated", "--check"],
        ["mypy", "--strict", "--cache-dir", "mypy-cache"],
    ],
    ids=" ".join,
)
def test_linters_formatters_and_type_checkers_have_nothing_to_say(folder: Path, command: list[str]) -> None:
    if importlib.util.find_spec(command[0]) is None:
        pytest.skip(f"{command[0]} is not in this environment")
    programs = [f"{name}.py" for name in PROGRAMS]
    ran = subprocess.run(
        [sys.executable, "-m", *command, *programs], cwd=folder, capture_output=True, check=False, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
