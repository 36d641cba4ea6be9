"""What holds for every test: nothing of the user's own settings, login or home gets in. And projects on the engine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, make_blank
from tests.model import SEED
from tools.engine import engine_folder

E2E = Path(__file__).parent / "e2e"
MakeProject = Callable[..., Project]

# How long an example takes tells only how busy the machine is.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


def pytest_configure(config: pytest.Config) -> None:
    # urllib3 1 leaves open connections to the garbage collector; the plugin keeps its own for as long as it lives.
    if version("urllib3").startswith("1."):
        config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if E2E in item.path.parents:
            item.add_marker("e2e")
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


def pytest_report_header() -> str:
    return f"SEARCH_SEED={SEED}"


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, empty_home: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith(("PLUSOFON_", "PULUMI_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(empty_home))
    monkeypatch.setenv("NETRC", os.devnull)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An account with nothing open."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Sandbox]:
    """Another account with nothing open."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def signals_heard() -> Iterator[None]:
    """Let processes that the test starts hear signals, also where we run in the background and do not."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def engine() -> Path:
    return engine_folder()


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Path:
    return make_blank(tmp_path_factory.mktemp("blank"), engine)


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> dict[str, str]:
    """What makes programs and providers note which of our lines they run, where coverage is measured at all.

    It makes a run of the CLI half as slow again, so only the lives that show each feature once are measured.
    """
    if request.path.stem != "test_life":
        return {}
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


@pytest.fixture
def make_project(tmp_path: Path, blank: Path, engine: Path, measured: dict[str, str]) -> MakeProject:
    """Make projects in numbered folders: `make_project(program="", sandbox=None, env=None)`."""
    made: list[Project] = []

    def make(program: str = "", sandbox: Sandbox | None = None, env: Mapping[str, str | None] | None = None) -> Project:
        account: dict[str, Any] = {}
        if sandbox is not None:
            account = {"PLUSOFON_BASE_URL": sandbox.url, "PLUSOFON_TOKEN": sandbox.token}
        project = Project(tmp_path / f"project-{len(made)}", blank, engine, {**measured, **account, **(env or {})})
        project.write(program)
        made.append(project)
        return project

    return make


@pytest.fixture
def project(make_project: MakeProject, sandbox: Sandbox) -> Project:
    """A project whose account is the test's sandbox; its program declares nothing yet."""
    return make_project("", sandbox)
