"""What holds for every test: nothing of the user's own settings, login or home gets in."""

from __future__ import annotations

import os
import signal
from importlib.metadata import version
from typing import TYPE_CHECKING

import hypothesis
import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.model import SEED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# How long an example takes tells only how busy the machine is.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


def pytest_configure(config: pytest.Config) -> None:
    # urllib3 1 leaves open connections to the garbage collector; the plugin keeps its own for as long as it lives.
    if version("urllib3").startswith("1."):
        config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
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
def signals_heard() -> Iterator[None]:
    """Let processes that the test starts hear signals, also where we run in the background and do not."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
