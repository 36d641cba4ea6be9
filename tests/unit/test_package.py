"""The package as a whole: its errors and public names, who may import whom, and what an import or a command loads."""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import os
import pickle
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import plusofon_pulumi
from plusofon_pulumi import errors
from plusofon_pulumi.errors import APIError, PlusofonError, RateLimitError, TransportError
from plusofon_pulumi.sandbox import Sandbox
from tests.checkout import CHECKOUT
from tests.pages import blocks

ALL = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, PlusofonError)]


@pytest.mark.parametrize("kind", ALL)
def test_an_error_survives_a_pickle_a_copy_and_other_words(kind: type[PlusofonError]) -> None:
    error = kind("text")
    vars(error).update({name: f"not the default of {name}" for name in vars(error)})
    assert (kind.__module__, getattr(plusofon_pulumi, kind.__name__)) == ("plusofon_pulumi", kind)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), error.saying("text")):  # noqa: S301  # our own
        assert (type(twin), str(twin), vars(twin)) == (kind, "text", vars(error))
    told = error.about("36 (Hungary) was not opened")
    assert (type(told), str(told), vars(told)) == (kind, "36 (Hungary) was not opened: text", vars(error))
    assert str(error) == "text"


def test_an_error_has_the_defaults_that_a_caller_may_count_on() -> None:
    assert issubclass(errors.InvalidCallingCodeError, ValueError)
    assert (TransportError("x").outcome_unknown, TransportError("x").retryable) == (True, True)
    assert vars(APIError("x")) == {"status_code": 0, "message": "", "method": "", "path": "", "body": ""}
    assert RateLimitError("x").retry_after is None
    assert not {kind.__name__ for kind in ALL} & set(dir(builtins))


def test_the_public_list_is_what_type_checkers_see_and_what_can_be_imported() -> None:
    source = ast.parse(Path(plusofon_pulumi.__file__).read_text(encoding="utf-8"))
    [block] = [each for each in source.body if isinstance(each, ast.If) and ast.unparse(each.test) == "TYPE_CHECKING"]
    imported = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.name: str(node.module) for node in imported for alias in node.names}
    public = plusofon_pulumi.__all__
    assert sorted(seen) == public == sorted({*public})
    assert {kind.__name__ for kind in ALL} <= {*public}
    found: dict[str, object] = {}
    exec("from plusofon_pulumi import *", found)  # noqa: S102  # the statement is what is tested
    assert sorted(found.keys() - {"__builtins__"}) == public
    for name, home in seen.items():
        assert getattr(sys.modules[home], name) is getattr(plusofon_pulumi, name) is found[name]
        assert name in dir(plusofon_pulumi)
        assert inspect.getdoc(found[name])
    with pytest.raises(AttributeError, match=r"^module 'plusofon_pulumi' has no attribute 'Nothing'$"):
        plusofon_pulumi.Nothing  # noqa: B018


def test_the_package_is_typed_and_has_the_version_of_pyproject() -> None:
    stated = re.search(r'^version = "([^"]+)"', (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert stated is not None
    assert version("plusofon-pulumi") == plusofon_pulumi.__version__ == stated[1]
    assert Path(plusofon_pulumi.__file__).with_name("py.typed").is_file()


PACKAGE = "plusofon_pulumi"
ROOT = Path(plusofon_pulumi.__file__).parent
DOORS = {"__init__", "__main__"}  # what is looked up on demand, and the door of `python -m`


def imports() -> dict[str, set[str]]:
    """Return what each module imports, also in functions and for type checkers."""
    found: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        names = found.setdefault(path.relative_to(ROOT).parts[0].removesuffix(".py"), set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert getattr(node, "level", 0) < len(path.relative_to(ROOT).parts), f"{path}: a relative way out"
                base = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                names |= {f"{base}{alias.name}." for alias in node.names}
    return found


def test_the_table_of_the_architecture_has_these_arrows_and_few_know_pulumi_or_http() -> None:
    allowed: dict[str, set[str]] = {}
    for line in blocks(CHECKOUT / "ARCHITECTURE.md", "text")[0].text.splitlines():
        head, _, arrows = line.partition(" -> ")
        allowed[head.split()[0].rstrip("/")] = set(allowed if arrows == "the above" else re.findall(r"\w+", arrows))
    everything = imports()
    found = {name: names for name, names in everything.items() if name not in DOORS}
    assert found.keys() == allowed.keys()
    for name, names in found.items():
        ours = {each.split(".")[1] for each in names if each.startswith(f"{PACKAGE}.")} & found.keys()
        assert ours - {name} <= allowed[name], name
    assert allowed["sandbox"] & found.keys() == {"directions"}, "it shares no mistake with the client"
    knowing = {
        other: {name for name, names in everything.items() if any(each.startswith(f"{other}.") for each in names)}
        for other in ("requests", "urllib3", "pulumi")
    }
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
def test_an_import_loads_what_it_needs_and_no_more(sandbox: Sandbox, code: str, loads: Any, without: Any) -> None:
    program = f"import sys\ntry:\n    {code}\nfinally:\n    print('LOADED', *sys.modules)"
    env = {**os.environ, "PLUSOFON_TOKEN": sandbox.token, "PLUSOFON_BASE_URL": sandbox.url}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert "LOADED" in done.stdout, done.stderr
    loaded = {name.removeprefix(f"{PACKAGE}.") for name in done.stdout.rpartition("LOADED")[2].split()}
    assert (len(sandbox.requests) > 0) == ("(['list'])" in code)
    assert loads <= loaded
    assert not loaded & without
