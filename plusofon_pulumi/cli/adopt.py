"""``plusofon adopt``: a program that declares what is open, and a file for ``pulumi import``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
from pathlib import Path

from plusofon_pulumi.adoption import (
    IMPORT_FILE,
    PROGRAM,
    PROJECT,
    PROJECT_FILE,
    Adoption,
    ProviderInState,
    adopt,
)
from plusofon_pulumi.cli.common import (
    DONE,
    CommandError,
    Parser,
    add_account_options,
    quoted,
    read_account,
    settings,
    show,
)
from plusofon_pulumi.cli.files import taken, write_all
from plusofon_pulumi.cli.stack import provider_in_state
from plusofon_pulumi.settings import SOURCES

_PROJECT_FILES = (PROJECT_FILE, "Pulumi.yml", "Pulumi.json")

_DESCRIPTION = f"""\
Write a Pulumi program that declares the directions that are open in the account
now, and a file for `pulumi import`. Nothing is written to the account, neither by
this command nor by the import. In the folder of --out it makes:

  {PROGRAM}           the program
  {IMPORT_FILE}  the import file
  {PROJECT_FILE}           the project, where there is none yet"""
_EPILOG = """\
The imported resources are protected: a program that has lost a line closes no code
by mistake. With --provider, the Provider must be in the state of the stack already,
by a `pulumi up` of a program that declares it, and the token that is given here must
be that of its account.

examples:
  plusofon adopt --out account
  plusofon adopt --exclusive --token-file ~/.plusofon-token"""


def add(commands: argparse._SubParsersAction[Parser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "adopt",
        help="bring an existing account under Pulumi",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--exclusive",
        action="store_true",
        help="declare the whole list by one AllowedDirections, which closes all that is not in it, "
        "instead of one AllowedDirection for each code",
    )
    parser.add_argument("--out", metavar="DIR", default=".", help="the folder to write into (default: this one)")
    parser.add_argument("--provider", metavar="NAME", help="the account's Provider, by its name in the stack's state")
    parser.add_argument("--force", action="store_true", help="overwrite the program and the import file")
    add_account_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read the account, then write the files."""
    folder = Path(arguments.out)
    _refuse_what_is_there(folder, force=arguments.force)
    provider = provider_in_state(arguments.provider, folder) if arguments.provider is not None else None
    recorded = {"base_url": provider.base_url, "client_id": provider.client_id} if provider else None
    opened, catalogue = read_account(settings(arguments, recorded))
    adoption = adopt(opened, catalogue, exclusive=arguments.exclusive, provider=provider)
    files = {folder / PROGRAM: adoption.program, folder / IMPORT_FILE: adoption.import_file}
    # The stack that has the Provider has its project already, in this folder or above.
    is_new = provider is None and not _has_project(folder)
    if is_new:
        files[folder / PROJECT_FILE] = PROJECT
    write_all(files, overwrite=arguments.force)
    has_any = bool(adoption.codes) or arguments.exclusive
    wrote = [f"wrote {path}" for path in files]
    show(
        "\n".join(
            [_found(adoption, exclusive=arguments.exclusive), *wrote, "", *_next(arguments, provider, is_new, has_any)]
        )
    )
    return DONE


def _refuse_what_is_there(folder: Path, *, force: bool) -> None:
    """Raise where a file would be overwritten unasked, or where Pulumi would not run what is written."""
    for path in (folder / PROGRAM, folder / IMPORT_FILE):
        if os.path.isdir(path):  # noqa: PTH112  # Path.is_dir raises where the folder cannot be looked into
            raise CommandError(f"{path} is a folder: choose another folder with --out")
        if not force and os.path.lexists(path):
            raise taken(path)
    for name in _PROJECT_FILES:
        main = _main_of(folder / name)
        if os.path.normpath(main) not in (".", PROGRAM):
            raise CommandError(
                f"{folder / name} says that the program is {main}, so Pulumi would not run the one that would be "
                "written here: choose another folder with --out"
            )


def _main_of(project: Path) -> str:
    """Return where a project's file says that its program is; an empty text where it does not say."""
    try:
        text = project.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""
    if project.suffix == ".json":
        with contextlib.suppress(ValueError, AttributeError):
            return str(json.loads(text).get("main") or "")
        return ""
    main = re.search(r"""^["']?main["']? *:(.*?)(?:\s#.*)?$""", text, re.MULTILINE)
    said = main[1].strip(" '\"") if main else ""
    return "" if said in ("null", "~") else said


def _found(adoption: Adoption, *, exclusive: bool) -> str:
    count = len(adoption.codes)
    if count:
        return f"{count} direction{' is' if count == 1 else 's are'} open in the account."
    then = "the program closes whatever is opened later" if exclusive else "there is nothing to import"
    return f"Nothing is open in the account: {then}."


def _next(arguments: argparse.Namespace, provider: ProviderInState | None, is_new: bool, has_any: bool) -> list[str]:
    """Return the commands to run next."""
    folder = Path(arguments.out)
    commands = [] if _is_here(folder) else [f"cd {quoted(f'./{folder}' if arguments.out.startswith('-') else folder)}"]
    if provider is None:
        # Of a project that was there, nobody has asked whether it has a stack.
        commands.append(f"pulumi stack init dev{'' if is_new else '    # where there is none yet'}")
    commands += _configured(arguments, provider)
    if has_any:
        commands.append(f"pulumi import --file {IMPORT_FILE} --generate-code=false --yes")
    if provider and not _has_project(folder):
        commands.append(f"# now put what {PROGRAM} declares into the program of the stack, which is elsewhere")
    # An import of nothing makes no stack: with nothing in it, a stack of its own is still a change.
    commands.append("pulumi preview --expect-no-changes" if has_any else "pulumi up")
    return ["Next:", *(f"  {command}" for command in commands)]


def _is_here(folder: Path) -> bool:
    try:
        return folder.resolve() == Path.cwd()
    except OSError:  # the working folder was deleted
        return False


def _has_project(folder: Path) -> bool:
    return any(os.path.lexists(folder / name) for name in _PROJECT_FILES)


def _configured(arguments: argparse.Namespace, provider: ProviderInState | None) -> list[str]:
    """Return the commands that tell the stack what the options have told us."""
    if provider:
        return [f"pulumi config set --secret {provider.token_key}    # where it is not set yet"]
    commands = []
    if arguments.token_file is not None:
        file = Path(arguments.token_file).absolute()
        # What a shell gives a command, as in `<(pass show plusofon)`, is gone after it: then Pulumi asks for the token.
        source = f" < {quoted(file)}" if file.is_file() else ""
        commands.append(f"pulumi config set --secret {SOURCES['token'][0]}{source}")
    for setting, value in (("base_url", arguments.base_url), ("client_id", arguments.client_id)):
        if value is not None:
            commands.append(f"pulumi config set {SOURCES[setting][0]} {quoted(value)}")
    return commands
