"""The SDK's own host of dynamic providers, as a process of its own, called over gRPC as the engine calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import grpc
import pytest
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import provider_pb2_grpc

from tests.frozen import DIRECTION_PROVIDER, DIRECTIONS_PROVIDER

UNKNOWN = rpc.UNKNOWN
URN = "urn:pulumi:dev::test::pulumi-python:dynamic/plusofon:AllowedDirection::hungary"
ID = "allowed-directions"
HUNGARY = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
GERMANY = {"code": "49", "name": "Германия", "english_name": "Germany"}
CUBA = {"code": "53", "name": "Куба", "english_name": "Cuba"}
Properties = dict[str, Any]
Answer = TypeVar("Answer")

# In seconds: longer than any call of the provider may take, retries and all.
PATIENCE = 90


class RefusedError(Exception):
    """What the engine shows for a call that failed."""


class Checked(NamedTuple):
    """What Check answers; a failure is a property and a reason."""

    inputs: Properties
    failures: list[tuple[str, str]]


class Difference(NamedTuple):
    """What Diff answers."""

    changes: bool
    replaces: list[str]
    delete_before_replace: bool


class Found(NamedTuple):
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

    @property
    def stderr(self) -> str:
        """What it has printed so far, which the engine shows to the user."""
        return self._stderr.read_text(encoding="utf-8")

    @property
    def lines(self) -> list[str]:
        return self.stderr.splitlines()

    def end(self) -> str:
        """End the process, whatever it does; return all that it has printed, on both streams."""
        if self._channel is not None:
            self._channel.close()
        self._process.kill()
        rest, _ = self._process.communicate()
        return (self._first_line + rest).decode() + self.stderr

    # What the engine calls

    def configure(self, config: Mapping[str, Any]) -> None:
        request = messages.ConfigureRequest(acceptSecrets=True, acceptResources=True)
        request.args.update(dict(config))
        self.send("Configure", request)

    def check(self, news: Properties, olds: Properties | None = None) -> Checked:
        answer = self._call("Check", olds=olds, news=news)
        return Checked(_plain(answer.inputs), [(each.property, each.reason) for each in answer.failures])

    def diff(self, id_: str, olds: Properties, news: Properties) -> Difference:
        answer = self._call("Diff", id_, olds=olds, news=news)
        assert answer.changes != messages.DiffResponse.DIFF_UNKNOWN
        changes = answer.changes == messages.DiffResponse.DIFF_SOME
        return Difference(changes, list(answer.replaces), answer.deleteBeforeReplace)

    def create(self, inputs: Properties) -> Found:
        answer = self._call("Create", properties=inputs)
        return Found(answer.id, _plain(answer.properties), {})

    def read(self, id_: str, outputs: Properties, inputs: Properties | None = None) -> Found:
        answer = self._call("Read", id_, properties=outputs, inputs=inputs)
        return Found(answer.id, _plain(answer.properties), _plain(answer.inputs))

    def update(self, id_: str, olds: Properties, news: Properties) -> Found:
        return Found(id_, _plain(self._call("Update", id_, olds=olds, news=news).properties), {})

    def delete(self, id_: str, outputs: Properties) -> None:
        self._call("Delete", id_, properties=outputs)

    def _call(self, method: str, id_: str | None = None, **given: Properties | None) -> Any:
        request = getattr(messages, f"{method}Request")(urn=URN, **({} if id_ is None else {"id": id_}))
        for name, properties in given.items():
            if properties is not None:
                getattr(request, name).update({"__provider": DIRECTION_PROVIDER, **properties})
        return self.send(method, request)

    def send(self, method: str, request: Any) -> Any:
        """Make a call of the protocol."""
        if self._channel is None:
            assert self._process.stdout is not None
            # An end of the process ends the wait, too; pytest-timeout is for the rest.
            self._first_line = self._process.stdout.readline()
            assert self._first_line.strip().isdigit(), f"no port, but {self._first_line!r}: {self.stderr}"
            self._channel = grpc.insecure_channel(f"127.0.0.1:{int(self._first_line)}")
        stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        try:
            return getattr(stub, method)(request, timeout=PATIENCE, wait_for_ready=True)
        except grpc.RpcError as error:
            raise RefusedError(str(error.details())) from None


def _plain(answer: Any) -> Properties:
    """Return properties without the provider, which the host itself adds; what is unknown is Pulumi's `Unknown`."""
    properties: Properties = rpc.deserialize_properties(answer, keep_unknowns=True)
    properties.pop("__provider", None)
    return properties


def secret(value: Any) -> Properties:
    """Return a value as the engine sends one that is secret."""
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def whole(codes: Any, on_destroy: str = "retain", **more: Any) -> Properties:
    """Return properties of a whole list, with the provider that they belong to."""
    return {"codes": codes, "on_destroy": on_destroy, **more, "__provider": DIRECTIONS_PROVIDER}


def state(*directions: dict[str, str], on_destroy: str = "retain") -> Properties:
    """Return the outputs of a whole list."""
    codes = [direction["code"] for direction in directions]
    return {"codes": codes, "directions": list(directions), "on_destroy": on_destroy}


def refused(call: Callable[..., object], *arguments: Any) -> str:
    """Return what the engine shows of a call that fails."""
    with pytest.raises(RefusedError) as error:
        call(*arguments)
    return str(error.value)


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Make calls in as many threads, as the engine does; return their answers in order."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return [each.result() for each in [threads.submit(call) for call in calls]]
