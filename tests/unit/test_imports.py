"""Who may import whom (ARCHITECTURE.md), read from the source, and what an import costs, seen in a fresh process."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import plusofon_pulumi
from tests.checkout import CHECKOUT
from tests.pages import blocks

PACKAGE = "plusofon_pulumi"
ROOT = Path(plusofon_pulumi.__file__).parent

# Module -> the modules of ours that it may import besides its own folder.
ARROWS: dict[str, set[str]] = {
    "errors": set(),
    "directions": {"errors"},
    "identity": set(),
    "settings": {"errors"},
    "client": {"settings", "directions", "errors"},
    "account": {"client", "settings", "directions", "errors"},
    "provider": {"account", "settings", "directions", "identity", "errors"},
    "resources": {"identity", "settings", "directions", "errors"},
    "data": {"resources", "client", "settings", "directions", "errors"},
    "adoption": {"client", "directions", "identity", "errors"},
    "sandbox": {"directions"},
}
ARROWS["cli"] = set(ARROWS)
# What is looked up on demand, and the door of `python -m`.
DOORS = {"__init__": set(ARROWS), "__main__": {"cli"}}

# What ARCHITECTURE.md says of them.
TABLE = blocks(CHECKOUT / "ARCHITECTURE.md", "text")[0].text

HTTP = {"requests", "urllib3", "http.client", "httpx", "aiohttp"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT).parts[0].removesuffix(".py"), path


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a file imports, also in functions and for type checkers."""
    package = [PACKAGE, *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            parent = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{parent}.{alias.name}" for alias in node.names)


def ours(path: Path) -> set[str]:
    found = {name.split(".")[1] for name in imports(path) if name.startswith(f"{PACKAGE}.")}
    return {name for name in found if (ROOT / name).is_dir() or (ROOT / f"{name}.py").is_file()}


def places() -> list[object]:
    return [pytest.param(name, path, id=str(path.relative_to(ROOT))) for name, path in modules()]


def arrows(table: str) -> dict[str, set[str]]:
    """Read such a table: in each line a module, what it is for, and what it may import."""
    found: dict[str, set[str]] = {}
    for line in table.splitlines():
        row = re.fullmatch(r"(\w+)(/?) +\S.* -> (nothing of ours|the above|[\w, ]+?)(?: only(?:: .*)?)?", line)
        assert row, line
        name, slash, told = row.groups()
        assert name not in found, line
        assert (ROOT / name).is_dir() == bool(slash), line
        whole = {"nothing of ours": set[str](), "the above": set(found)}
        found[name] = whole[told] if told in whole else set(told.split(", "))
    return found


def compare(table: str) -> None:
    assert list(arrows(table).items()) == list(ARROWS.items())


def test_the_table_of_the_architecture_has_these_arrows() -> None:
    compare(TABLE)


@pytest.mark.parametrize(
    "old, new",
    [
        ("-> settings, directions, errors", "-> settings, errors"),
        ("-> directions only", "-> directions, errors only"),
        ("-> the above", "-> errors"),
        ("-> nothing of ours\nsettings", "-> the above\nsettings"),
        ("-> nothing of ours\nsettings", "\nsettings"),
        ("client/ ", "client  "),
        ("data ", "date "),
        ("-> errors", "-> error"),
        ("  the error tree  ", ""),
        (TABLE.splitlines()[-2] + "\n", ""),
    ],
)
def test_a_table_that_is_wrong_is_seen(old: str, new: str) -> None:
    assert old in TABLE
    with pytest.raises(AssertionError):
        compare(TABLE.replace(old, new))


def test_every_module_has_its_arrows() -> None:
    assert {name for name, _ in modules()} <= ARROWS.keys() | DOORS.keys()


@pytest.mark.parametrize("name, path", places())
def test_a_module_imports_only_what_stands_to_its_right(name: str, path: Path) -> None:
    allowed = {**ARROWS, **DOORS}[name]
    assert ours(path) - {name} <= allowed


@pytest.mark.parametrize("name, path", places())
def test_only_the_client_knows_an_http_library(name: str, path: Path) -> None:
    used = {lib for lib in HTTP for found in imports(path) if f"{found}.".startswith(f"{lib}.")}
    assert not used or name == "client"
    assert "requests" in used or path.name != "transport.py"


@pytest.mark.parametrize("name, path", places())
def test_only_what_speaks_to_the_engine_imports_pulumi(name: str, path: Path) -> None:
    if any(f"{found}.".startswith("pulumi.") for found in imports(path)):
        assert name in ("provider", "resources", "data")


def test_the_reading_of_imports_sees_all_ways_to_write_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "client").mkdir()
    for name in ("errors", "settings", "provider", "cli"):
        (tmp_path / f"{name}.py").touch()
    source = tmp_path / "client" / "a.py"
    source.write_text(
        "from plusofon_pulumi import errors as e\nimport plusofon_pulumi.settings\nfrom . import b\n"
        "def f():\n    from ..provider import X\n    from .. import cli\n",
        encoding="utf-8",
    )
    assert ours(source) == {"errors", "settings", "provider", "cli", "client"}


# What an import costs


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code, without",
    [
        ("import plusofon_pulumi", {"pulumi", "requests", "urllib3", "grpc", "argparse"}),
        ("import plusofon_pulumi.cli", {"pulumi", "requests", "urllib3", "grpc"}),
        ("from plusofon_pulumi import Direction, Settings, PlusofonError", {"pulumi", "requests", "urllib3"}),
        ("from plusofon_pulumi import PlusofonClient", {"pulumi", "grpc"}),
        ("from plusofon_pulumi import AllowedDirection", {"requests", "urllib3"}),
        ("from plusofon_pulumi.sandbox import Sandbox", {"pulumi", "requests", "urllib3"}),
    ],
)
def test_an_import_loads_no_more_than_it_needs(code: str, without: set[str]) -> None:
    assert not loaded_after(code) & without


def test_what_is_needed_is_loaded() -> None:
    assert {"pulumi", "plusofon_pulumi.resources"} <= loaded_after("from plusofon_pulumi import AllowedDirection")
    assert "requests" in loaded_after("from plusofon_pulumi import PlusofonClient")


def test_declaring_a_direction_loads_no_http_client() -> None:
    code = """
import pulumi, plusofon_pulumi
class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args): return "36", args.inputs
    def call(self, args): return {}
pulumi.runtime.set_mocks(Mocks())
@pulumi.runtime.test
def declare():
    return plusofon_pulumi.AllowedDirection("hungary", code="36").code.apply(lambda code: print("declared", code))
declare()
"""
    loaded = loaded_after(code)
    assert {"declared", "36", "plusofon_pulumi.resources"} <= loaded
    assert not loaded & {"requests", "urllib3", "plusofon_pulumi.client"}
