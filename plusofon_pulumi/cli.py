"""The command line: ``plusofon``, or ``python -m plusofon_pulumi``.

A command is two functions: one that adds its parser, one that runs it. It starts fast: it never imports pulumi.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from .sandbox import Sandbox
from .sandbox.readings import parse, summary

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE, FAILED, USAGE = 0, 1, 2


class UsageError(Exception):
    """A command line that cannot be understood."""


class CommandError(Exception):
    """A command that could not do its work, in a sentence for the user."""


class _Parser(argparse.ArgumentParser):
    """A parser that leaves it to `main` to say what is wrong."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 not understood."""
    try:
        arguments = _parser().parse_args(argv)
        code: int = arguments.run(arguments)
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except SystemExit:  # --help has said what it had to say
        return DONE
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="plusofon", description="Call directions of a Plusofon cabinet.")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    _add_sandbox(commands)
    return parser


# sandbox


def _add_sandbox(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "sandbox",
        help="run a local stand-in for the API",
        description="Run a local stand-in for the Plusofon API, in memory, on 127.0.0.1, until it is interrupted.",
        epilog=f"example:\n  plusofon sandbox --open 7,36 --reading R4=404 R8=no\n\nreadings:\n{summary()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    parser.add_argument("--token", help="the token that is asked for (default: a random one)")
    parser.set_defaults(run=_run_sandbox)


def _run_sandbox(arguments: argparse.Namespace) -> int:
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
        print(f"sandbox ready at {sandbox.url}")
        print(f"export PLUSOFON_BASE_URL={sandbox.url}")
        print(f"export PLUSOFON_TOKEN={shlex.quote(sandbox.token)}", flush=True)
        # With a timeout, so that Ctrl+C is also heard on Windows.
        while not interrupted.wait(1):
            pass
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
