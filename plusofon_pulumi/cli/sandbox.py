"""``plusofon sandbox``: a local stand-in for the API."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import threading
from typing import Any

from plusofon_pulumi.cli.common import CommandError, add_command
from plusofon_pulumi.directions import normalise_code
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.readings import parse, summary


def add(commands: Any) -> None:
    """Add the command."""
    about = "Run a local stand-in for the Plusofon API, in memory, on 127.0.0.1, until it is interrupted."
    examples = ["sandbox --open +7,36", "sandbox --reading R4=404 R8=no"]
    parser = add_command(commands, run, "run a local stand-in for the API", about, examples)
    parser.epilog = f"{parser.epilog}\n\nreadings, the default first:\n{summary()}"
    parser.add_argument("--port", type=int, default=0, metavar="N", help="the port to listen on (default: a free one)")
    parser.add_argument("--open", default="", metavar="CODES", help="calling codes that are open, as in 7,36")
    what = "how to simulate what the API's description leaves open: see below"
    parser.add_argument("--reading", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help=what)
    parser.add_argument("--token", help="the token that the sandbox accepts (default: a random one)")


def run(arguments: argparse.Namespace) -> None:
    """Run a sandbox until a signal comes."""
    try:
        codes = [normalise_code(code) for code in arguments.open.split(",") if code.strip()]
        sandbox = Sandbox(open=codes, readings=parse(arguments.reading), token=arguments.token, port=arguments.port)
    except ValueError as error:
        raise CommandError(str(error)) from None
    try:
        sandbox.start()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise CommandError(f"cannot listen on port {arguments.port}: {why}") from None
    # SIGTERM comes as a KeyboardInterrupt, too: see `__main__`.
    with contextlib.suppress(KeyboardInterrupt), contextlib.ExitStack() as life:
        life.callback(sandbox.stop)
        exports = f"export PLUSOFON_BASE_URL={sandbox.url}\nexport PLUSOFON_TOKEN={shlex.quote(sandbox.token)}"
        print(f"sandbox ready at {sandbox.url}\n{exports}", flush=True)
        threading.Event().wait()
