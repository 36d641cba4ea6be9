"""The SDK's own host of dynamic providers, as a process of its own, called over gRPC as the engine calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import provider_pb2_grpc

from tests.frozen import DIRECTION_PROVIDER

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN = rpc.UNKNOWN
URN = "urn:pulumi:dev::test::pulumi-python:dynamic/plusofon:AllowedDirection::hungary"
Properties = dict[str, Any]
Answer = TypeVar("Answer")

# In seconds: longer than any call of the provider may take, retries and all.
PATIENCE = 90


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Make calls in as many threads, as the engine does; return their answers in order."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return [each.result() for each in [threads.submit(call) for call in calls]]


def secret(value: Any) -> Properties:
    """Return a value as the engine sends one that is secret."""
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


class RefusedError(Exception):
    """What the engine shows for a call that failed."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What Check answers; a failure is a property and a reason."""

    inputs: Properties
    failures: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What Diff answers."""

    changes: bool
    replaces: list[str]
    delete_before_replace: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What Create, Read and Update answer; a gone resource has no id."""

    id: str
    outputs: Properties
    inputs: Properties


class Host:
    """One provider process. ``folder`` keeps what it prints; ``env`` adds to an environment made from nothing."""

    def command(self) -> list[str]:
        """Return what starts it: as `pulumi-resource-pulumi-python`, the engine's own script, does."""
        return [sys.executable, "-u", "-m", "pulumi.dynamic"]

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._stderr = folder / "stderr"
        basic = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LANG": "C.UTF-8"}
        with self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                self.command(),
                cwd=folder,
                env={**basic, "PULUMI_PROJECT": "test", **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        self._channel: grpc.Channel | None = None
        self._first_line = b""

    # Life

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self._channel is not None:
            self._channel.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _stub(self) -> provider_pb2_grpc.ResourceProviderStub:
        if self._channel is None:
            assert self._process.stdout is not None
            # An end of the process ends the wait, too; pytest-timeout is for the rest.
            self._first_line = self._process.stdout.readline()
            assert self._first_line.strip().isdigit(), f"no port, but {self._first_line!r}: {self.stderr}"
            self._channel = grpc.insecure_channel(f"127.0.0.1:{int(self._first_line)}")
        return provider_pb2_grpc.ResourceProviderStub(self._channel)

    # What it says

    @property
    def stderr(self) -> str:
        """What it has printed so far, which the engine shows to the user."""
        return self._stderr.read_text(encoding="utf-8")

    @property
    def lines(self) -> list[str]:
        return self.stderr.splitlines()

    def end(self) -> str:
        """End the process; return all that it has printed, on both streams."""
        assert self._process.stdout is not None
        self._process.kill()
        rest = self._process.stdout.read()
        self.stop()
        return (self._first_line + rest).decode() + self.stderr

    # What the engine calls

    def configure(self, config: Mapping[str, Any] | None = None) -> None:
        request = messages.ConfigureRequest(acceptSecrets=True, acceptResources=True)
        request.args.update(dict(config or {}))
        self._call("Configure", request)

    def check(self, news: Properties, olds: Properties | None = None, provider: str = DIRECTION_PROVIDER) -> Checked:
        request = messages.CheckRequest(urn=URN)
        if olds is not None:
            request.olds.update(_with_provider(olds))
        request.news.update({"__provider": provider, **news})
        answer = self._call("Check", request)
        return Checked(_plain(answer.inputs), [(each.property, each.reason) for each in answer.failures])

    def diff(self, id_: str, olds: Properties, news: Properties) -> Difference:
        request = messages.DiffRequest(id=id_, urn=URN)
        request.olds.update(_with_provider(olds))
        request.news.update(_with_provider(news))
        answer = self._call("Diff", request)
        assert answer.changes != messages.DiffResponse.DIFF_UNKNOWN
        changes = answer.changes == messages.DiffResponse.DIFF_SOME
        return Difference(changes, list(answer.replaces), answer.deleteBeforeReplace)

    def create(self, inputs: Properties) -> Found:
        request = messages.CreateRequest(urn=URN)
        request.properties.update(_with_provider(inputs))
        answer = self._call("Create", request)
        return Found(answer.id, _plain(answer.properties), {})

    def read(self, id_: str, outputs: Properties, inputs: Properties | None = None) -> Found:
        request = messages.ReadRequest(id=id_, urn=URN)
        request.properties.update(_with_provider(outputs))
        if inputs is not None:
            request.inputs.update(_with_provider(inputs))
        answer = self._call("Read", request)
        return Found(answer.id, _plain(answer.properties), _plain(answer.inputs))

    def update(self, id_: str, olds: Properties, news: Properties) -> Found:
        request = messages.UpdateRequest(id=id_, urn=URN)
        request.olds.update(_with_provider(olds))
        request.news.update(_with_provider(news))
        return Found(id_, _plain(self._call("Update", request).properties), {})

    def delete(self, id_: str, outputs: Properties) -> None:
        request = messages.DeleteRequest(id=id_, urn=URN)
        request.properties.update(_with_provider(outputs))
        self._call("Delete", request)

    def _call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub(), method)(request, timeout=PATIENCE, wait_for_ready=True)
        except grpc.RpcError as error:
            raise RefusedError(str(error.details())) from None


def _with_provider(properties: Properties) -> Properties:
    return {"__provider": DIRECTION_PROVIDER, **properties}


def _plain(answer: Any) -> Properties:
    """Return properties without the provider, which the host itself adds; what is unknown is Pulumi's `Unknown`."""
    properties: Properties = rpc.deserialize_properties(answer, keep_unknowns=True)
    properties.pop("__provider", None)
    return properties
