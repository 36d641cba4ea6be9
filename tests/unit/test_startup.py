"""What commands and declarations load, in processes of their own; of single imports, `test_imports.py` tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.unit.cli_runner import environment

NOT_OURS = {"pulumi", "grpc", "dill"}
HTTP = {"requests", "urllib3"}
RUN = """
import sys
from plusofon_pulumi.cli import main
try:
    main({arguments})
finally:
    print("LOADED", *sys.modules)
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(open=["36"]) as running:
        yield running


def loaded_by(code: str, sandbox: Sandbox) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(sandbox), capture_output=True, text=True, timeout=60, check=False
    )
    assert "LOADED" in done.stdout, done.stderr
    return set(done.stdout.rpartition("LOADED")[2].split())


@pytest.mark.parametrize("arguments", [["--help"], ["list", "--help"], ["catalogue", "--help"], ["adopt", "--help"]])
def test_help_loads_neither_pulumi_nor_an_http_client(sandbox: Sandbox, arguments: list[str]) -> None:
    assert not loaded_by(RUN.format(arguments=arguments), sandbox) & (NOT_OURS | HTTP)
    assert sandbox.requests == []


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["catalogue"], ["catalogue", "hung"]])
def test_commands_that_read_do_not_load_pulumi(sandbox: Sandbox, arguments: list[str]) -> None:
    loaded = loaded_by(RUN.format(arguments=arguments), sandbox)
    assert sandbox.requests != []
    assert "requests" in loaded
    assert not loaded & NOT_OURS


@pytest.mark.parametrize("name", ["AllowedDirection", "AllowedDirections", "Provider"])
def test_what_programs_declare_loads_nothing_that_only_the_plugin_needs(sandbox: Sandbox, name: str) -> None:
    code = f"import sys, plusofon_pulumi; plusofon_pulumi.{name}; print('LOADED', *sys.modules)"
    ours = {module for module in loaded_by(code, sandbox) if module.startswith("plusofon_pulumi.")}
    assert "plusofon_pulumi.resources" in ours
    beside = {"account", "adoption", "cli", "client", "data", "provider", "sandbox"}
    assert not {module.split(".")[1] for module in ours} & beside


def test_the_plugin_loads_the_http_client_only_for_an_account(sandbox: Sandbox) -> None:
    code = "import sys, plusofon_pulumi.provider; print('LOADED', *sys.modules)"
    assert not loaded_by(code, sandbox) & HTTP
