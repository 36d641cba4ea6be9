"""The native plugin as a process of its own, called as `Host` calls the dynamic provider: one table for both.

What differs between the protocols is translated here: types instead of `__provider`, camel case, and notices that go to
the engine's log instead of standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2_grpc

from plusofon_pulumi.plugin import CAMEL_CASE, SINGLE, SNAKE_CASE, WHOLE
from tests.frozen import DIRECTIONS_PROVIDER
from tests.host.host import Host

STRUCTS = ("olds", "news", "properties", "inputs", "args", "return")
NAME = "test"


class Engine(engine_pb2_grpc.EngineServicer):
    """The engine's log: the lines that it was asked to show, each with the resource that it hangs on."""

    def __init__(self) -> None:
        self.logged: list[Any] = []
        self.server = grpc.server(ThreadPoolExecutor(2))
        engine_pb2_grpc.add_EngineServicer_to_server(self, self.server)
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802  # the protocol's name
        self.logged.append(request)
        return empty_pb2.Empty()


class PluginHost(Host):
    """One process of `pulumi-resource-plusofon`."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.engine = Engine()
        super().__init__(folder, env)

    def command(self) -> list[str]:
        return [sys.executable, "-u", "-m", "plusofon_pulumi.plugin", self.engine.address]

    def end(self) -> str:
        printed = super().end()
        self.engine.server.stop(None).wait()
        return printed

    @property
    def stderr(self) -> str:
        """What the user is shown; the engine hides what a native plugin prints, so it is empty but for a bug."""
        printed = self._stderr.read_text(encoding="utf-8")
        return "".join(f"{each.message}\n" for each in self.engine.logged) + printed

    def configure(self, config: Mapping[str, Any]) -> None:
        """Configure as the engine does: it sends our own keys alone, without the package's name."""
        given = {key.partition(":")[2]: value for key, value in config.items() if key.startswith("plusofon:")}
        self.provider_name = given.pop("provider", "default")
        super().configure(given)

    def ask(self, method: str, request: Any) -> Any:
        """Make a call as it is, also one that the dynamic provider does not have."""
        return super().send(method, request)

    def send(self, method: str, request: Any) -> Any:
        if method == "Configure":
            request.name = self.provider_name
        else:
            kind = WHOLE if DIRECTIONS_PROVIDER in _providers(request) else SINGLE
            request.urn = f"urn:pulumi:dev::{NAME}::{kind}::hungary"
            _translate(request, CAMEL_CASE)
        answer = super().send(method, request)
        _translate(answer, SNAKE_CASE)
        for failure in getattr(answer, "failures", ()):
            failure.property = SNAKE_CASE.get(failure.property, failure.property)
        return answer


def _structs(message: Any) -> list[struct_pb2.Struct]:
    return [getattr(message, name) for name in STRUCTS if name in message.DESCRIPTOR.fields_by_name]


def _providers(request: Any) -> set[str]:
    return {struct.fields["__provider"].string_value for struct in _structs(request) if "__provider" in struct.fields}


def _translate(message: Any, names: Mapping[str, str]) -> None:
    """Give the properties of a message, and those within them, their names in the other protocol."""
    for struct in _structs(message):
        struct.fields.pop("__provider", None)
        _rename(struct, names)


def _rename(struct: struct_pb2.Struct, names: Mapping[str, str]) -> None:
    for name in [*struct.fields]:
        value = struct.fields[name]
        for inner in [value, *value.list_value.values]:
            if inner.HasField("struct_value"):
                _rename(inner.struct_value, names)
        if name in names:
            struct.fields[names[name]].CopyFrom(value)
            del struct.fields[name]
