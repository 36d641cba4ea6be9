"""Fixtures of the tests in this process: a plugin and commands, each on a sandbox; and made-up time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from plusofon_pulumi import client
from plusofon_pulumi.account import delivery, writer
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider, base
from plusofon_pulumi.sandbox import Sandbox
from tests.unit.cli_runner import Cli
from tests.unit.support import FakeTime, Process, set_time
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Plugin:
    """What one plugin process has: both providers, of the same account, and the lines that they show."""

    whole: AllowedDirectionsProvider = field(default_factory=AllowedDirectionsProvider)
    single: AllowedDirectionProvider = field(default_factory=AllowedDirectionProvider)
    lines: list[str] = field(default_factory=list)


StartPlugin = Callable[..., Plugin]


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    """Let the client, the account and the sandbox wait in made-up time."""
    fake = FakeTime()
    set_time(monkeypatch, fake)
    return fake


@pytest.fixture
def cli(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, fake_time: FakeTime
) -> Iterator[Cli]:
    """Commands on an account that the environment names, in an empty folder and in made-up time."""
    with Sandbox(open=["36"]) as sandbox:
        monkeypatch.setenv("PLUSOFON_BASE_URL", sandbox.url)
        monkeypatch.setenv("PLUSOFON_TOKEN", sandbox.token)
        monkeypatch.chdir(tmp_path)
        yield Cli(sandbox, capsys)


@pytest.fixture
def process(sandbox: Sandbox, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> Process:
    """The sandbox's account as one process knows it, in made-up time."""
    monkeypatch.setattr(writer, "LONGEST_GATHERING", PATIENCE)
    return Process(sandbox)


@pytest.fixture
def start_plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[StartPlugin]:
    """Begin anew as another run of the engine does: `start_plugin(sandbox, token="…")` knows of no other.

    It waits neither before a repeated call nor for a write to show.
    """
    monkeypatch.setattr(client, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(delivery, "LOOK_PAUSES", (0.001, 0.001))

    def start_plugin(sandbox: Sandbox, **stack: Any) -> Plugin:
        monkeypatch.setattr(base, "_accounts", {})
        raw = {"token": sandbox.token, "baseUrl": sandbox.url, **stack}
        config = Config(raw_config={f"plusofon:{key}": value for key, value in raw.items()}, project_name="test")
        plugin = Plugin()
        for provider in (plugin.whole, plugin.single):
            provider.configure(ConfigureRequest(config=config))
            monkeypatch.setattr(provider, "show", plugin.lines.append)
        return plugin

    yield start_plugin
    # Pytest's own tracebacks, which a provider's foreseen error cuts short.
    vars(sys).pop("tracebacklimit", None)


@pytest.fixture
def plugin(start_plugin: StartPlugin, sandbox: Sandbox) -> Plugin:
    """One process for the sandbox's account."""
    return start_plugin(sandbox)
