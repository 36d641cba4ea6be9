"""``plusofon adopt``: write a Pulumi program for what is open in an account."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import Any

from plusofon_pulumi.adoption import adopt, undeclarable
from plusofon_pulumi.cli.common import CommandError, add_account_options, add_command, client_for, settings
from plusofon_pulumi.directions import by_code, describe_all


def add(commands: Any) -> None:
    """Add the command."""
    about = """Write a Pulumi project that declares the directions that are open in the account now, protected.
This command only reads the account; the first `pulumi up` takes over what is open without a write."""
    examples = ["adopt --out acme", "adopt --exclusive --name acme-calls --out acme"]
    parser = add_command(commands, run, "write a Pulumi program for an existing account", about, examples)
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder of the project; no file is overwritten")
    parser.add_argument("--name", metavar="NAME", help="the project's name (default: the folder's)")
    one = "declare the whole list as one AllowedDirections: `pulumi up` closes every other code"
    parser.add_argument("--exclusive", action="store_true", help=one)
    parser.add_argument("--csv", action="store_true", help="--exclusive, with codes and reasons in a CSV file")
    add_account_options(parser)


def run(arguments: argparse.Namespace) -> None:
    """Read the account, then write the files."""
    folder = Path(arguments.out)
    name = arguments.name or re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip("-.") or "plusofon"
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name):
        raise CommandError(f"{name!r} cannot be a project's name: letters A to Z, digits, and - _ . only, at most 100")
    with client_for(settings(arguments)) as client:
        opened, catalogue = client.get_allowed_directions(), client.get_directions()
    files = adopt(opened, catalogue, project=name, exclusive=arguments.exclusive, table=arguments.csv)
    for path in (folder / file for file in files):
        if path.exists() or path.is_symlink():
            raise CommandError(f"{path} exists already: choose another folder with --out")
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (folder / file).write_text(content, encoding="utf-8", errors="replace")
    named = describe_all(catalogue.get(code, each) for code, each in by_code(opened).items())
    print(f"Open in the account: {named or 'nothing'}.")
    then = "`pulumi up` closes it" if arguments.exclusive or arguments.csv else "it is left out and stays open"
    for direction in undeclarable(opened, catalogue):
        print(f"note: {direction} is open but not in Plusofon's catalogue, so it cannot be declared: {then}")
    wheel = "For CI or `pulumi install`, name the package's wheel in requirements.txt: no package index has it yet."
    print("\n".join([*(f"wrote {folder / file}" for file in files), "", "Next:", *_next(arguments, folder), "", wheel]))


def _next(arguments: argparse.Namespace, folder: Path) -> list[str]:
    """Return the commands to run next; the stack has to know what options have told us."""
    commands = [f"cd {shlex.quote(str(folder))}", "pulumi stack init dev"]
    if arguments.token_file:
        file = Path(arguments.token_file).absolute()
        source = f" < {shlex.quote(str(file))}" if file.is_file() else ""
        commands.append(f"pulumi config set --secret plusofon:token{source}")
    for key, value in (("plusofon:baseUrl", arguments.base_url), ("plusofon:clientId", arguments.client_id)):
        if value:
            commands.append(f"pulumi config set {key} {shlex.quote(value)}")
    return [f"  {command}" for command in [*commands, "pulumi up"]]
