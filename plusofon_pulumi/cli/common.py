"""What the commands share: output, the options that name an account, and reading it."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from plusofon_pulumi.errors import ConfigurationError
from plusofon_pulumi.settings import DEFAULT_BASE_URL, DEFAULT_CLIENT_ID, SOURCES, Settings, find

if TYPE_CHECKING:
    from plusofon_pulumi.client import Exchange, PlusofonClient

DONE, FAILED = 0, 1
# After so many seconds without an answer, a terminal gets a line.
SLOW = 3.0


class CommandError(Exception):
    """A command that could not do its work, in a sentence for the user."""


def _refuse_token(_: str) -> NoReturn:
    raise argparse.ArgumentTypeError("never on the command line: set PLUSOFON_TOKEN, or use --token-file FILE")


def add_command(
    commands: Any, run: Callable[[argparse.Namespace], int | None], title: str, about: str, examples: Sequence[str]
) -> argparse.ArgumentParser:
    """Add the command of the first example, without options: ``title`` is its line in the list of commands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        examples[0].split()[0],
        help=title,
        description=about,
        epilog="\n".join(["examples:", *(f"  plusofon {example}" for example in examples)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    return parser


def add_account_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which account is read, and where its API is."""
    group = parser.add_argument_group("account")
    group.add_argument("--token-file", metavar="FILE", help="a file with the API token (default: PLUSOFON_TOKEN)")
    group.add_argument("--base-url", metavar="URL", help=f"default: PLUSOFON_BASE_URL, or {DEFAULT_BASE_URL}")
    group.add_argument("--client-id", metavar="ID", help=f"default: PLUSOFON_CLIENT_ID, or {DEFAULT_CLIENT_ID}")
    group.add_argument("--token", type=_refuse_token, help=argparse.SUPPRESS)


def settings(arguments: argparse.Namespace) -> Settings:
    """Return the settings from the options, the environment, and the defaults, in this order."""
    found, sources = {}, dict.fromkeys(SOURCES, "the default")
    for name in SOURCES:
        option = "token_file" if name == "token" else name
        if (value := getattr(arguments, option)) is not None:
            found[name], sources[name] = value, f"--{option.replace('_', '-')}"
        elif pair := find(name, lambda _: None):  # there is no stack's configuration here
            found[name], sources[name] = pair
    if arguments.token_file is not None:
        found["token"] = Path(arguments.token_file).read_text(encoding="utf-8-sig")
    if "token" not in found:
        raise ConfigurationError(
            "there is no Plusofon token: set the environment variable PLUSOFON_TOKEN, or name a file that holds it "
            "with --token-file (the account shows the token under «Разработчикам → Доступ к API»)"
        )
    return Settings(**found, sources=sources)


@contextlib.contextmanager
def client_for(settings: Settings, observe: Callable[[Exchange], None] | None = None) -> Iterator[PlusofonClient]:
    """Open a client; on a terminal, say so when the API takes long."""
    # Imported here: only what calls the API waits for its library.
    from plusofon_pulumi.client import PlusofonClient  # noqa: PLC0415

    waiting = threading.Timer(SLOW, print, [f"waiting for {settings.base_url} …"], {"file": sys.stderr})
    waiting.daemon = True
    if sys.stderr.isatty():
        waiting.start()
    try:
        with PlusofonClient(settings, observe=observe) as client:
            yield client
    finally:
        waiting.cancel()
