"""Fixtures of the tests on the SDK's own host."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.host.host import Host, secret
from tests.host.plugin_host import PluginHost

StartHost = Callable[..., Host]


class Hosts:
    """Start hosts one ahead: the next one loads Pulumi while a test is at work on the one before."""

    def __init__(self, folder: Path, kind: type[Host] = Host) -> None:
        self._kind = kind
        self._folders = (folder / str(number) for number in itertools.count())
        self.spare: Host | None = None

    def take(self, env: Mapping[str, str] | None = None) -> Host:
        if env:
            return self._kind(next(self._folders), env)
        host, self.spare = self.spare or self._kind(next(self._folders)), self._kind(next(self._folders))
        return host


@pytest.fixture(scope="session", params=[Host, PluginHost])
def hosts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """The front doors: the SDK's host of dynamic providers, and the native plugin."""
    hosts = Hosts(tmp_path_factory.mktemp("hosts"), request.param)
    yield hosts
    if hosts.spare is not None:
        hosts.spare.end()


@pytest.fixture
def start(hosts: Hosts, sandbox: Sandbox) -> Iterator[StartHost]:
    """Start hosts: `start(config=that of the sandbox's stack, env=None)`, each new, as for each run of the engine.

    Nothing of all that they print may hold the token, whatever the test is about.
    """

    def end_without_token(host: Host) -> None:
        assert sandbox.token not in host.end()

    with ExitStack() as started:

        def start(config: Mapping[str, Any] | None = None, env: Mapping[str, str] | None = None) -> Host:
            host = hosts.take(env)
            started.callback(end_without_token, host)
            host.configure(stack_of(sandbox) if config is None else config)
            return host

        yield start


@pytest.fixture
def host(start: StartHost) -> Host:
    """A host whose stack is configured for the test's sandbox."""
    return start()


def stack_of(sandbox: Sandbox) -> dict[str, Any]:
    """Return the stack's configuration as the engine sends it."""
    return {"plusofon:token": secret(sandbox.token), "plusofon:baseUrl": sandbox.url}
