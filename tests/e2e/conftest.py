"""Fixtures of the tests on the real engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, make_blank
from tools.engine import engine_folder

HERE = Path(__file__).parent
MakeProject = Callable[..., Project]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("e2e")


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


@pytest.fixture
def other() -> Iterator[Sandbox]:
    """Another account with nothing open."""
    with Sandbox() as running:
        yield running
