#!/usr/bin/env python3
"""Stand in for Pulumi's host of Python programs: lies beside a built engine as `pulumi-language-python`.

Like the official one, it runs programs by `pulumi-language-python-exec`, policy packs by `pulumi.policy`, and other
plugins by their `__main__.py`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc

# Only the messages are needed: importing the whole SDK takes 0.3 seconds of each run.
for _name in ("pulumi", "pulumi.runtime"):
    _spec = importlib.util.find_spec(_name)
    _package = ModuleType(_name)
    _package.__path__ = list(_spec.submodule_search_locations or ()) if _spec else []
    sys.modules[_name] = _package

from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2  # noqa: E402  # after the two above

RUNNER = Path(__file__).with_name("pulumi-language-python-exec")
ALREADY_SHOWN = 32  # the runner's exit code after an error that it has shown itself


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answer what the engine asks a language host; the protocol names the methods, and the others are optional."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.children: list[subprocess.Popen[bytes]] = []

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="0.0.0")

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        yield language_pb2.InstallDependenciesResponse(stdout=b"The active Python environment is used as it is.\n")

    def Run(self, request: Any, context: Any) -> Any:
        flags = {each: str(getattr(request, each)) for each in ("project", "stack", "pwd", "parallel", "organization")}
        flags |= {"monitor": request.monitor_address, "engine": self.engine}
        flags |= {"root_directory": request.info.root_directory, "dry_run": "true" if request.dryRun else ""}
        given = [part for flag, value in flags.items() if value for part in (f"--{flag}", value)]
        config = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        arguments = [str(RUNNER), *given, request.info.entry_point, *request.args]
        try:
            code = self.started(request.info, arguments, env={**os.environ, **config}).wait()
        except OSError as error:
            return language_pb2.RunResponse(error=f"the program cannot be run: {error}")
        if code in (0, ALREADY_SHOWN):
            return language_pb2.RunResponse(bail=code != 0)
        return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {code}")

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        folder = request.info.program_directory
        is_pack = request.kind == "analyzer"
        arguments = ["-m", "pulumi.policy", *request.args, folder] if is_pack else [folder, *request.args]
        environment = dict(variable.split("=", 1) for variable in request.env) or None
        plugin = self.started(request.info, arguments, cwd=request.pwd, env=environment, stdout=subprocess.PIPE)
        context.add_callback(plugin.kill)
        for line in plugin.stdout or ():  # the first one is the port
            yield language_pb2.RunPluginResponse(stdout=line)
        yield language_pb2.RunPluginResponse(exitcode=plugin.wait())

    def started(self, info: Any, arguments: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start the Python that Pulumi.yaml names, or the active one; it must not outlive us."""
        python = os.environ.get("PULUMI_PYTHON_CMD", "python3")
        if "virtualenv" in info.options:
            python = str(Path(info.root_directory, dict(info.options)["virtualenv"], "bin", "python"))
        self.children.append(subprocess.Popen([python, "-u", *arguments], **options))
        return self.children[-1]


def main() -> None:
    """Serve until the engine ends us or dies; the first line of standard output is the port."""
    host = LanguageHost(next((argument for argument in sys.argv[1:] if not argument.startswith("-")), ""))
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    print(port, flush=True)
    parent = os.getppid()
    while os.getppid() == parent and not ended.wait(1):
        pass
    for child in host.children:  # a program without an engine would wait for ever
        child.kill()
    os._exit(0)


if __name__ == "__main__":
    main()
