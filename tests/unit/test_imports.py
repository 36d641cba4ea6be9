"""Who may import whom, as ARCHITECTURE.md has it, and what an import or a command loads, seen in a fresh process."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import plusofon_pulumi
from plusofon_pulumi.sandbox import Sandbox
from tests.checkout import CHECKOUT
from tests.pages import blocks

PACKAGE = "plusofon_pulumi"
ROOT = Path(plusofon_pulumi.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
# What is looked up on demand, and the door of `python -m`.
DOORS = ("__init__", "__main__")


def arrows() -> dict[str, set[str]]:
    """Read the table: in each line a module, what it is for, and behind an arrow what it may import."""
    found: dict[str, set[str]] = {}
    for line in blocks(CHECKOUT / "ARCHITECTURE.md", "text")[0].text.splitlines():
        head, _, allowed = line.partition(" -> ")
        found[head.split()[0].rstrip("/")] = set(found if allowed == "the above" else re.findall(r"\w+", allowed))
    return found


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


def module(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def test_the_table_of_the_architecture_has_these_arrows() -> None:
    modules = {module(path) for path in FILES} - {*DOORS}
    assert modules == arrows().keys()
    for path in FILES:
        if module(path) not in DOORS:
            found = {name.split(".")[1] for name in imports(path) if name.startswith(f"{PACKAGE}.")} & modules
            assert found - {module(path)} <= arrows()[module(path)], path


def test_the_sandbox_shares_no_mistake_with_the_client_and_few_know_pulumi_or_http() -> None:
    assert arrows()["sandbox"] & arrows().keys() == {"directions"}
    knowing: dict[str, set[str]] = {}
    for path in FILES:
        for name in imports(path):
            knowing.setdefault(name.split(".")[0], set()).add(module(path))
    assert knowing["requests"] | knowing["urllib3"] == {"client"}
    assert knowing["pulumi"] - {"plugin"} == {"provider", "resources", "data"}


IMPORT = f"from {PACKAGE} import "
RUN = f"import {PACKAGE}.cli; {PACKAGE}.cli.main"
HTTP, PULUMI = {"requests", "urllib3"}, {"pulumi", "grpc", "dill"}
BESIDE = {"account", "adoption", "cli", "client", "data", "provider", "sandbox"}


@pytest.mark.parametrize(
    "code, loads, without",
    [
        (f"import {PACKAGE}", set(), HTTP | PULUMI | {"argparse", "errors"}),
        (f"{IMPORT}Direction, Settings, PlusofonError", {"settings"}, HTTP | PULUMI),
        (f"{IMPORT}PlusofonClient", HTTP, PULUMI),
        (f"{IMPORT}AllowedDirection, AllowedDirections, Provider", {"pulumi", "resources"}, HTTP | BESIDE),
        (f"{IMPORT}get_direction", {"pulumi", "data"}, HTTP | BESIDE - {"data"}),
        (f"import {PACKAGE}.provider", {"pulumi", "provider"}, HTTP),
        (f"import {PACKAGE}.sandbox", {"sandbox"}, HTTP | PULUMI | BESIDE - {"sandbox"}),
        (f"{RUN}(['list', '--help'])", {"cli"}, HTTP | PULUMI),
        (f"{RUN}(['list'])", {"cli"} | HTTP, PULUMI),
    ],
)
def test_an_import_or_a_command_loads_what_it_needs_and_no_more(
    sandbox: Sandbox, code: str, loads: set[str], without: set[str]
) -> None:
    program = f"import sys\ntry:\n    {code}\nfinally:\n    print('LOADED', *sys.modules)"
    env = {**os.environ, "PLUSOFON_TOKEN": sandbox.token, "PLUSOFON_BASE_URL": sandbox.url}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert "LOADED" in done.stdout, done.stderr
    loaded = {name.removeprefix(f"{PACKAGE}.") for name in done.stdout.rpartition("LOADED")[2].split()}
    assert (len(sandbox.requests) > 0) == ("(['list'])" in code)
    assert loads <= loaded
    assert not loaded & without
