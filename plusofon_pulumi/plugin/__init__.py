"""The native plugin: serves this package's providers to YAML, TypeScript, Go and every other Pulumi language.

The engine starts it as `pulumi-resource-plusofon`. It translates between the engine's protocol and the provider
classes, and decides nothing: what is checked, opened and closed is the providers' business alone. No Pulumi program in
Python loads it.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import importlib.metadata
import io
import json
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider
from pulumi.output import Unknown
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from plusofon_pulumi import data
from plusofon_pulumi.directions import Direction, by_code, normalise_code
from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.identity import DIRECTIONS_ID
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from plusofon_pulumi.settings import ENVIRONMENT_KEY, PROVIDER_KEY, Settings

Properties = dict[str, Any]

SINGLE = "plusofon:index:AllowedDirection"
WHOLE = "plusofon:index:AllowedDirections"
PROVIDERS: dict[str, type[ResourceProvider]] = {SINGLE: AllowedDirectionProvider, WHOLE: AllowedDirectionsProvider}
# The engine's own names for the provider that the stack's configuration describes; `pulumi do` sends none.
DEFAULT_PROVIDER = re.compile(r"(default(_\d+_\d+_\d+.*)?)?")
# As many resources as the engine may want to open at once: they share few calls of the API.
THREADS = 256
# Other languages write property names in camel case.
CAMEL_CASE = {"english_name": "englishName", "on_destroy": "onDestroy"}
SNAKE_CASE = {camel: snake for snake, camel in CAMEL_CASE.items()}

Change = provider_pb2.PropertyDiff

# The resource that the call of this thread is about.
_urn: contextvars.ContextVar[str] = contextvars.ContextVar("urn", default="")


def in_plain_words(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a foreseen error reach the user as its text alone, and any other, a bug, with its traceback."""

    @functools.wraps(method)
    def wrapper(plugin: Plugin, request: Any, context: grpc.ServicerContext) -> Any:
        _urn.set(getattr(request, "urn", ""))
        try:
            return method(plugin, request, context)
        except (PlusofonError, pulumi.RunError) as error:
            text = str(error)
        except Exception:  # noqa: BLE001  # the engine hides what a plugin prints, so the answer carries it
            text = traceback.format_exc()
        return context.abort(grpc.StatusCode.UNKNOWN, text)

    return wrapper


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """Answer the engine by the providers; the methods' names are the protocol's."""

    def __init__(self) -> None:
        self._config: dict[str, Any] = {}
        self._providers: dict[str, ResourceProvider] = {}

    # The plugin itself

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=_version())

    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema(), ensure_ascii=False))

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    # The provider

    @in_plain_words
    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Make the token a secret, also where the program or the configuration does not."""
        inputs = struct_pb2.Struct()
        inputs.CopyFrom(request.news)
        token = inputs.fields.get("token")
        if token is not None and token.string_value not in ("", rpc.UNKNOWN):
            inputs.update({"token": rpc.wrap_rpc_secret(token.string_value)})
        return provider_pb2.CheckResponse(inputs=inputs)

    @in_plain_words
    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Never ask for a replacement: another token is no reason to close what is open."""
        return provider_pb2.DiffResponse(changes=_changes(_received(request.olds) != _received(request.news)))

    @in_plain_words
    def Configure(self, request: Any, context: Any) -> Any:
        """Take over the settings; a Provider of the user's has a token of its own, not that of the environment."""
        self._config = {f"plusofon:{key}": value for key, value in _received(request.args).items()}
        if not DEFAULT_PROVIDER.fullmatch(request.name):
            self._config |= {PROVIDER_KEY: request.name, ENVIRONMENT_KEY: True}
        for token, kind in PROVIDERS.items():
            provider = kind()
            provider.configure(ConfigureRequest(Config(self._config, "plusofon")))
            self._providers[token] = provider
        # Secrets come in clear then, and the engine makes secret again what was.
        return provider_pb2.ConfigureResponse(acceptSecrets=False)

    # Resources

    @in_plain_words
    def Check(self, request: Any, context: Any) -> Any:
        result = self._provider(request).check(_received(request.olds), _received(request.news))
        failures = [
            provider_pb2.CheckFailure(
                property=CAMEL_CASE.get(failure.property, failure.property), reason=failure.reason
            )
            for failure in result.failures
        ]
        return provider_pb2.CheckResponse(inputs=_sent(result.inputs), failures=failures)

    @in_plain_words
    def Diff(self, request: Any, context: Any) -> Any:
        olds, news = _received(request.olds), _received(request.news)
        result = self._provider(request).diff(request.id, olds, news)
        replaces = list(result.replaces or ())
        details = detailed_diff(olds, news, replaces) if result.changes else {}
        return provider_pb2.DiffResponse(
            changes=_changes(bool(result.changes)),
            replaces=replaces,
            deleteBeforeReplace=bool(result.delete_before_replace),
            detailedDiff=details,
            hasDetailedDiff=bool(details),
        )

    @in_plain_words
    def Create(self, request: Any, context: Any) -> Any:
        result = self._provider(request).create(_received(request.properties))
        return provider_pb2.CreateResponse(id=result.id, properties=_sent(result.outs))

    @in_plain_words
    def Read(self, request: Any, context: Any) -> Any:
        result = self._provider(request).read(request.id, _received(request.properties))
        if not result.id:
            # With properties, were they empty, `pulumi import` would take it for found.
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=result.id, properties=_sent(result.outs), inputs=_sent(result.inputs))

    @in_plain_words
    def Update(self, request: Any, context: Any) -> Any:
        result = self._provider(request).update(request.id, _received(request.olds), _received(request.news))
        return provider_pb2.UpdateResponse(properties=_sent(result.outs))

    @in_plain_words
    def Delete(self, request: Any, context: Any) -> Any:
        self._provider(request).delete(request.id, _received(request.properties))
        return empty_pb2.Empty()

    # Data

    @in_plain_words
    def Invoke(self, request: Any, context: Any) -> Any:
        """Answer a function by the look-up that Python programs call."""
        look_up = LOOK_UPS[request.tok]
        text = _received(request.args).get("text")
        # YAML sends a code without quotes as a number.
        text = normalise_code(text) if isinstance(text, float) else text
        found = look_up(text, Settings.from_config(self._config.get))
        answer = provider_pb2.InvokeResponse()
        getattr(answer, "return").CopyFrom(_sent(found))
        return answer

    @in_plain_words
    def List(self, request: Any, context: Any) -> Iterator[Any]:
        """Name what `pulumi import` takes."""
        found = [(DIRECTIONS_ID, "")]
        if request.token == SINGLE:
            live = data.get_allowed_directions(provider=Settings.from_config(self._config.get))
            found = [(code, str(direction)) for code, direction in by_code(live).items()]
        rows = [provider_pb2.ListResponse.Result(id=id_, name=name) for id_, name in found[: request.limit or None]]
        return iter([provider_pb2.ListResponse(result=row) for row in rows])

    def _provider(self, request: Any) -> Any:
        """Return the provider of a resource's type, which its URN names behind those of its parents."""
        return self._providers[request.urn.split("::")[2].rpartition("$")[2]]


class EngineLog(io.TextIOBase):
    """Standard error for the engine's log: the engine hides what a native plugin prints."""

    def __init__(self, engine: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine))

    def write(self, text: str) -> int:
        """Show a line to the user, on the resource that the call of this thread is about."""
        if text.strip():
            self._engine.Log(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text.rstrip(), urn=_urn.get()))
        return len(text)


def _directions(found: list[Direction]) -> Properties:
    return {
        "codes": list(by_code(found)),
        "directions": [direction.as_outputs() for direction in found],
    }


# By a function's token; each gets the text to look for, and the account's settings.
LOOK_UPS: dict[str, Callable[[Any, Settings], Properties]] = {
    "plusofon:index:getDirection": lambda text, settings: data.get_direction(text or "", settings).as_outputs(),
    "plusofon:index:getDirections": lambda text, settings: _directions(data.get_directions(text, settings)),
    "plusofon:index:getAllowedDirections": lambda text, settings: _directions(
        data.get_allowed_directions(text, settings)
    ),
}


def detailed_diff(olds: Mapping[str, Any], news: Mapping[str, Any], replaces: list[str]) -> dict[str, Any]:
    """Return what changes, by property path: of a list of codes, those that are added and removed."""
    details = {}
    for name, new in news.items():
        old = olds.get(name)
        if isinstance(new, list) and isinstance(old, list):
            added = {place for place, code in enumerate(new) if code not in old}
            removed = {place for place, code in enumerate(old) if code not in new}
            for place in added | removed:
                kind = Change.UPDATE if place in added & removed else Change.ADD if place in added else Change.DELETE
                details[f"{name}[{place}]"] = Change(kind=kind)
        elif new != old:
            kind = Change.UPDATE_REPLACE if name in replaces else Change.UPDATE
            details[CAMEL_CASE.get(name, name)] = Change(kind=kind)
    return details


def schema() -> Properties:
    """Return what the plugin offers, as Pulumi's package schema."""
    text = Path(__file__).with_name("schema.json").read_text(encoding="utf-8")
    described: Properties = json.loads(text)
    return {**described, "version": _version()}


def _version() -> str:
    return importlib.metadata.version("plusofon-pulumi")


def _changes(is_changed: bool) -> Any:
    return provider_pb2.DiffResponse.DIFF_SOME if is_changed else provider_pb2.DiffResponse.DIFF_NONE


def _received(properties: struct_pb2.Struct) -> Properties:
    """Return properties as the providers take them: in snake case, secrets in clear, what is not known as Unknown."""
    received = rpc.deserialize_properties(properties, keep_unknowns=True)
    translated: Properties = _translated(
        {key: rpc.unwrap_rpc_secret(value) for key, value in received.items()}, SNAKE_CASE
    )
    return translated


def _sent(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return properties as the engine takes them."""
    struct = struct_pb2.Struct()
    struct.update(_translated(properties, CAMEL_CASE))
    return struct


def _translated(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {names.get(name, name): _translated(each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [_translated(each, names) for each in value]
    return rpc.UNKNOWN if isinstance(value, Unknown) and names is CAMEL_CASE else value


def main() -> None:
    """Serve until the engine ends us, or is no more; tell it the port in the first line of standard output."""
    engine = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    with (
        contextlib.suppress(KeyboardInterrupt),
        contextlib.redirect_stderr(EngineLog(engine) if engine else sys.stderr),
    ):
        server = grpc.server(ThreadPoolExecutor(THREADS))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Plugin(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        parent = os.getppid()
        while os.getppid() == parent:
            time.sleep(1)
