"""``plusofon sandbox``: a local stand-in for the API."""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from plusofon_pulumi.cli.common import DONE, CommandError, Parser, UsageError, quoted, show
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.sandbox.readings import parse, summary

if TYPE_CHECKING:
    from collections.abc import Iterator


def add(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "sandbox",
        help="run a local stand-in for the API",
        description="Run a local stand-in for the Plusofon API, in memory, on 127.0.0.1, until it is interrupted.",
        epilog=f"example:\n  plusofon sandbox --open 7,36 --reading R4=404 R8=no\n\nreadings:\n{summary()}",
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="the port to listen on (default: a free one)")
    parser.add_argument("--open", default="", metavar="CODES", help="calling codes that are open, as 7,36")
    parser.add_argument(
        "--reading",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="how to play what the API's description leaves open; the first value below is the default",
    )
    parser.add_argument("--token", help="the token that the sandbox accepts (default: a random one)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run a sandbox until a signal comes."""
    codes = [code.strip() for code in arguments.open.split(",") if code.strip()]
    if not 0 <= arguments.port <= 65535:
        raise UsageError(f"argument --port: a port is a number from 0 to 65535, not {arguments.port}")
    try:
        readings = parse(arguments.reading)
        sandbox = Sandbox(open=codes, readings=readings, token=arguments.token, port=arguments.port)
    except ValueError as error:
        raise UsageError(str(error)) from error
    with _interruption() as interrupted:
        try:
            sandbox.start()
        except OSError as error:
            raise CommandError(f"cannot listen on port {arguments.port}: {error.strerror}") from error
        try:
            show(
                f"sandbox ready at {sandbox.url}\n"
                f"export PLUSOFON_BASE_URL={sandbox.url}\n"
                f"export PLUSOFON_TOKEN={quoted(sandbox.token)}"
            )
            interrupted.wait()
        finally:
            sandbox.stop()
    return DONE


@contextlib.contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Turn SIGINT and SIGTERM into an event."""
    event = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: event.set()) for number in signals]
    try:
        yield event
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
