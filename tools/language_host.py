#!/usr/bin/env python3
"""Stand in for Pulumi's host of Python programs: lies beside a built engine as `pulumi-language-python`.

It does what the official one does: it runs a program by Pulumi's own `pulumi-language-python-exec`, and a policy pack
by the SDK's module `pulumi.policy`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import grpc

# The messages alone are needed, not the SDK: its packages' own code, 0.3 seconds of it, is left out.
for _name in ("pulumi", "pulumi.runtime"):
    _spec = importlib.util.find_spec(_name)
    _package = ModuleType(_name)
    _package.__path__ = list(_spec.submodule_search_locations or ()) if _spec else []
    sys.modules[_name] = _package

from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2  # noqa: E402 - after the two packages above

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNNER = Path(__file__).with_name("pulumi-language-python-exec")
# The exit code by which the runner says that it has told the user already.
ALREADY_TOLD = 32


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answer what the engine asks of a language host in the life of a stack.

    The methods' names are the protocol's; what is not answered here, the engine does without.
    """

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.children: list[subprocess.Popen[bytes]] = []

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="0.0.0")

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        return language_pb2.GetProgramDependenciesResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        yield language_pb2.InstallDependenciesResponse(stdout=b"The active Python environment is used as it is.\n")

    def About(self, request: Any, context: Any) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def Run(self, request: Any, context: Any) -> Any:
        """Run the program to its end; an error that the user has not seen yet is told in the answer."""
        command = [python_of(request.info), "-u", str(RUNNER), *self.arguments(request)]
        environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        try:
            program = self.started(subprocess.Popen(command, env=environment))
        except OSError as error:
            return language_pb2.RunResponse(error=f"the program cannot be run: {error}")
        code = program.wait()
        if code in (0, ALREADY_TOLD):
            return language_pb2.RunResponse(bail=code != 0)
        return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {code}")

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """Run a policy pack until the engine lets go of it; what it prints first is the port on which it serves."""
        if request.kind != "analyzer":
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"no plugin of kind {request.kind!r} can be run here")
        command = [python_of(request.info), "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory]
        environment = dict(variable.split("=", 1) for variable in request.env) or None
        pack = self.started(subprocess.Popen(command, cwd=request.pwd, env=environment, stdout=subprocess.PIPE))
        context.add_callback(pack.kill)
        for line in pack.stdout or ():
            yield language_pb2.RunPluginResponse(stdout=line)
        yield language_pb2.RunPluginResponse(exitcode=pack.wait())

    def started(self, child: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """Remember a process that must not outlive us."""
        self.children.append(child)
        return child

    def arguments(self, request: Any) -> list[str]:
        """Return the runner's arguments: its flags carry what the request says, the program's folder comes last."""
        flags = {
            "monitor": request.monitor_address,
            "engine": self.engine,
            "project": request.project,
            "root_directory": request.info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": "true" if request.dryRun else "",
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        given = [part for flag, value in flags.items() if value for part in (f"--{flag}", value)]
        return [*given, request.info.entry_point, *request.args]


def python_of(info: Any) -> str:
    """Return the Python for the program: of the environment that Pulumi.yaml names, or of the active one."""
    options = dict(info.options)
    if "virtualenv" in options:
        return str(Path(info.root_directory, options["virtualenv"], "bin", "python"))
    return os.environ.get("PULUMI_PYTHON_CMD", "python3")


def main() -> None:
    """Serve until the engine ends us, or is no more; tell it the port in the first line of standard output."""
    engine = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    host = LanguageHost(engine)
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
    # A program that waits for an engine that is no more would wait for ever.
    for child in host.children:
        child.kill()
    os._exit(0)


if __name__ == "__main__":
    main()
