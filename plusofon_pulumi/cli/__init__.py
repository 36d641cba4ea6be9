"""The command line: ``plusofon``, or ``python -m plusofon_pulumi``.

A command is a module with two functions: one that adds its parser, one that runs it. It starts fast: it never imports
pulumi, and an HTTP client only to call the API.
"""

from __future__ import annotations

import argparse
import io
import sys
from typing import Any, NoReturn

import plusofon_pulumi
from plusofon_pulumi.cli import adopt, directions, sandbox
from plusofon_pulumi.cli.common import (
    DONE,
    FAILED,
    USAGE,
    CommandError,
    Parser,
    UsageError,
    refuse_token,
    show,
)
from plusofon_pulumi.errors import PlusofonError

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 not understood."""
    if sys.stdout is None:
        return _failed("cannot write the output: there is no standard output", FAILED)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no Cyrillic gets question marks, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        arguments = parser().parse_args(argv)
        code: int = arguments.run(arguments)
    except UsageError as error:
        return _failed(error, USAGE)
    except (CommandError, PlusofonError) as error:
        return _failed(error, FAILED)
    except SystemExit:  # --help or --version has said what it had to say
        return DONE
    return code


def parser() -> Parser:
    """Return the parser of all commands."""
    whole = Parser(
        prog="plusofon",
        description="The call directions of a Plusofon account: what is open, what exists, and how to adopt it.",
        epilog="The API's token is read from the environment variable PLUSOFON_TOKEN or from a file, never from the\n"
        "command line. Exit code: 0 done, 1 failed, 2 not understood, 130 interrupted (Ctrl-C).",
    )
    whole.add_argument("--version", nargs=0, action=_Version, help="show the package's version and exit")
    refuse_token(whole)
    commands = whole.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    whole.set_defaults(run=_refuse_nothing)
    for module in (directions, adopt, sandbox):
        module.add(commands)
    return whole


class _Version(argparse.Action):
    """Tell the version, which is looked up only where it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        show(f"plusofon-pulumi {plusofon_pulumi.__version__}")
        parser.exit()


def _refuse_nothing(_: argparse.Namespace) -> NoReturn:
    raise UsageError("no command is given: `plusofon --help` lists them")


def _failed(error: object, code: int) -> int:
    print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
    return code
