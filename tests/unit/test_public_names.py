"""The public list: one place, complete, sorted, and the same for type checkers."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import plusofon_pulumi
from plusofon_pulumi import errors

SOURCE = ast.parse(Path(plusofon_pulumi.__file__).read_text(encoding="utf-8"))
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def for_type_checkers() -> dict[str, str]:
    """Return the names that are imported under TYPE_CHECKING from our modules, each with its module."""
    found: dict[str, str] = {}
    for block in SOURCE.body:
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            for node in block.body:
                assert isinstance(node, ast.ImportFrom)
                for alias in node.names:
                    assert alias.asname is None
                    found[alias.name] = str(node.module)
    return found


def test_the_public_list_is_sorted_and_without_repetition() -> None:
    assert plusofon_pulumi.__all__ == sorted(set(plusofon_pulumi.__all__))


def test_the_public_list_is_what_type_checkers_see() -> None:
    assert sorted(for_type_checkers()) == plusofon_pulumi.__all__


@pytest.mark.parametrize("name", plusofon_pulumi.__all__)
def test_a_public_name_is_importable_from_where_type_checkers_see_it(name: str) -> None:
    value = getattr(plusofon_pulumi, name)
    assert getattr(sys.modules[for_type_checkers()[name]], name) is value
    assert name in dir(plusofon_pulumi)
    assert inspect.getdoc(value)


def test_a_star_import_brings_exactly_the_public_list() -> None:
    found: dict[str, object] = {}
    exec("from plusofon_pulumi import *", found)  # noqa: S102  # the statement is what is tested
    assert sorted(found.keys() - {"__builtins__"}) == plusofon_pulumi.__all__


def test_nothing_is_found_that_is_not_on_the_list() -> None:
    with pytest.raises(AttributeError, match=r"^module 'plusofon_pulumi' has no attribute 'Nothing'$"):
        plusofon_pulumi.Nothing  # noqa: B018
    public = {name for name in dir(plusofon_pulumi) if not name.startswith("_")}
    modules = {name for name in public if inspect.ismodule(getattr(plusofon_pulumi, name, None))}
    assert public - modules - {"TYPE_CHECKING", "Any", "annotations"} == set(plusofon_pulumi.__all__)


def test_every_error_is_public() -> None:
    kinds = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}
    assert {name for name in kinds if not name.startswith("_")} <= set(plusofon_pulumi.__all__)


def test_the_version_is_the_one_of_pyproject() -> None:
    stated = re.search(r'^version = "([^"]+)"', PYPROJECT.read_text(encoding="utf-8"), re.MULTILINE)
    assert stated is not None
    assert version("plusofon-pulumi") == stated[1]


def test_the_package_is_typed() -> None:
    assert Path(plusofon_pulumi.__file__).with_name("py.typed").is_file()
