"""What the commands share: how they fail, what they print, and the account that they read."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from plusofon_pulumi.errors import ConfigurationError
from plusofon_pulumi.settings import DEFAULT_BASE_URL, DEFAULT_CLIENT_ID, Settings, find

if TYPE_CHECKING:
    from plusofon_pulumi.directions import Catalogue, Direction

DONE, FAILED, USAGE = 0, 1, 2

# A token has some hundred characters; whatever is far larger is not a token's file.
_LARGEST_TOKEN_FILE = 64 * 1024


class UsageError(Exception):
    """A command line that cannot be understood."""


class CommandError(Exception):
    """A command that could not do its work, in a sentence for the user."""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Leave room for the longest command's name, too: the library forgets that commands are indented further."""

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # the only way to tell it
            self._action_max_length += self._indent_increment


class Parser(argparse.ArgumentParser):
    """A parser that leaves it to `main` to say what is wrong.

    Options are written out: an abbreviation that works today is ambiguous tomorrow.
    """

    def __init__(self, **options: Any) -> None:
        options = {"formatter_class": _Formatter, "allow_abbrev": False, **options}
        super().__init__(**options)

    def error(self, message: str) -> NoReturn:
        """Raise, where the library would print a usage and exit."""
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            # Of what is not known, names alone are repeated: a mistyped option may carry a token.
            names = [word.partition("=")[0] for word in unknown.split() if word.startswith("-")]
            message = f"unrecognized arguments: {' '.join(names)}" if names else "too many arguments"
        raise UsageError(message)

    def print_help(self, file: Any = None) -> None:  # noqa: ARG002  # the library's own argument
        """Print the help as any other output: it, too, may go into a pipe that is closed."""
        show(self.format_help().rstrip("\n"))


def show(text: str) -> None:
    """Print a text at once; raise CommandError where nobody takes it."""
    try:
        print(text, flush=True)
    except OSError as error:
        # The interpreter's own last flush would complain of what is still unwritten.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        is_closed = isinstance(error, BrokenPipeError)
        why = "it was closed before all was written" if is_closed else reason(error)
        raise CommandError(f"cannot write the output: {why}") from None


def reason(error: OSError) -> str:
    """Return the system's own words for what went wrong."""
    return error.strerror or type(error).__name__


def quoted(text: object) -> str:
    """Return a name or a path as a shell takes it."""
    return shlex.quote(str(text))


# Which account


class _RefuseToken(argparse.Action):
    """Refuse ``--token`` without repeating its value: other users of the machine see command lines."""

    def __call__(self, *_: Any) -> NoReturn:
        raise UsageError("the token is never given on the command line: set PLUSOFON_TOKEN, or use --token-file FILE")


def refuse_token(parser: argparse._ActionsContainer) -> None:
    """Let a parser refuse ``--token``."""
    parser.add_argument("--token", nargs="?", action=_RefuseToken, help=argparse.SUPPRESS)


def add_account_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which account is read, and where its API is."""
    group = parser.add_argument_group("which account")
    group.add_argument(
        "--token-file", metavar="FILE", help="a file that holds the API token (default: the variable PLUSOFON_TOKEN)"
    )
    group.add_argument(
        "--base-url", metavar="URL", help=f"where the API is (default: PLUSOFON_BASE_URL, or {DEFAULT_BASE_URL})"
    )
    group.add_argument(
        "--client-id",
        metavar="ID",
        help=f"the Client header (default: PLUSOFON_CLIENT_ID, or {DEFAULT_CLIENT_ID})",
    )
    refuse_token(group)


def settings(arguments: argparse.Namespace, recorded: Mapping[str, str | None] | None = None) -> Settings:
    """Return the settings that the options give, or else the environment, or else the defaults.

    ``recorded``: what a Provider has in state, by setting; it takes the environment's place, but for the token.
    """
    found: dict[str, Any] = {}
    for setting, option in (("base_url", arguments.base_url), ("client_id", arguments.client_id)):
        default = find(setting, lambda _: None) if recorded is None else recorded.get(setting)
        value = default if option is None else option
        if value is not None:
            found[setting] = value if isinstance(value, str) else value[0]
    return Settings(_token(arguments.token_file), **found)


def _token(file: str | None) -> str:
    token = find("token", lambda _: None) if file is None else _token_of(file)
    if token is None:
        raise ConfigurationError(
            "there is no Plusofon token: set the environment variable PLUSOFON_TOKEN, or name a file that holds it "
            "with --token-file (the account shows the token under «Разработчикам → Доступ к API»)"
        )
    return token if isinstance(token, str) else token[0]


def _token_of(file: str) -> str:
    try:
        with open(file, "rb") as stream:  # noqa: PTH123  # also /dev/fd/63, as a shell's <(…) gives it
            content = stream.read(_LARGEST_TOKEN_FILE + 1)
        if len(content) > _LARGEST_TOKEN_FILE:
            raise CommandError(f"the token file {file} is too large to hold just a token")
        token = content.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"cannot read the token file {quoted(file)}: {reason(error)}") from None
    except ValueError:  # bytes that are no text, or a null byte in the name
        raise CommandError(f"cannot read the token file {quoted(file)}: it is not a text file") from None
    if not token.strip():
        raise CommandError(f"the token file {file} is empty")
    return token


def read_account(settings: Settings, *, with_open: bool = True) -> tuple[list[Direction], Catalogue]:
    """Return what is open in the account, one direction a row as the API gives it, and the catalogue: two calls."""
    # Imported here: only what calls the API waits for its library.
    from plusofon_pulumi.client import PlusofonClient  # noqa: PLC0415

    client = PlusofonClient(settings)
    try:
        return client.get_allowed_directions() if with_open else [], client.get_directions()
    finally:
        client.close()
