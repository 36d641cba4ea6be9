"""The command line: ``plusofon``, or ``python -m plusofon_pulumi``.

It starts fast: it never imports pulumi, and an HTTP client only to call the API.
"""

from __future__ import annotations

import argparse
import io
import os
import sys

import plusofon_pulumi
from plusofon_pulumi.cli import adopt, directions, doctor, sandbox
from plusofon_pulumi.cli.common import DONE, FAILED, CommandError
from plusofon_pulumi.errors import PlusofonError

__all__ = ["main", "parser"]


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed. Wrong usage is argparse's: SystemExit with 2."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that has no Cyrillic letters gets question marks, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    code = DONE
    try:
        arguments = parser().parse_args(argv)
        code = arguments.run(arguments) or DONE
        sys.stdout.flush()
    except BrokenPipeError:
        # `| head` has seen enough. Python would complain about it at its last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (CommandError, PlusofonError, OSError, UnicodeDecodeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    whole = argparse.ArgumentParser(
        prog="plusofon",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="The directions (calling codes) that a Plusofon account may dial: what is open, what exists,\n"
        "and how to manage an existing account with Pulumi.",
        epilog="The API token is read from PLUSOFON_TOKEN or from a file, never from the command line.\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (Ctrl-C).\n\n"
        "examples:\n  plusofon doctor\n  plusofon list\n  plusofon adopt --out acme",
    )
    whole.add_argument("--version", action="version", version=f"plusofon-pulumi {plusofon_pulumi.__version__}")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND")
    for module in (directions, adopt, doctor, sandbox):
        module.add(commands)
    whole.set_defaults(run=lambda _: print(whole.format_help(), end=""))
    return whole
