"""The command line: ``plusofon``, or ``python -m plusofon_pulumi``.

A command is a module with two functions: one that adds its parser, one that runs it. It starts fast: it never imports
pulumi, and an HTTP client only to call the API.
"""

from __future__ import annotations

import io
import sys

from plusofon_pulumi.cli import adopt, directions, sandbox
from plusofon_pulumi.cli.common import DONE, FAILED, INTERRUPTED, USAGE, CommandError, Parser, UsageError, refuse_token
from plusofon_pulumi.errors import PlusofonError

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 not understood, 130 interrupted."""
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
    except KeyboardInterrupt:
        return _failed("interrupted", INTERRUPTED)
    except SystemExit:  # --help has said what it had to say
        return DONE
    return code


def parser() -> Parser:
    """Return the parser of all commands."""
    whole = Parser(
        prog="plusofon",
        description="The call directions of a Plusofon cabinet: what is open, what exists, and how to adopt it.",
        epilog="The API's token is read from the environment variable PLUSOFON_TOKEN or from a file, never from the\n"
        "command line. Exit code: 0 done, 1 failed, 2 not understood.",
    )
    refuse_token(whole)
    commands = whole.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for module in (directions, adopt, sandbox):
        module.add(commands)
    return whole


def _failed(error: object, code: int) -> int:
    print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
    return code
