"""Adoption: a Pulumi program that declares what is open now, and the file by which Pulumi imports it into its state.

Pure functions. Nothing is asked of the API by an import, so the file holds what a creation would have put into state.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plusofon_pulumi import identity
from plusofon_pulumi.directions import Catalogue, Direction, by_code, printable

PROGRAM = "__main__.py"
IMPORT_FILE = "plusofon-import.json"
PROJECT_FILE = "Pulumi.yaml"
PROJECT = "name: plusofon-account\ndescription: The call directions that a Plusofon account may dial\nruntime: python\n"

# Lines of the program are kept to what formatters keep them to, names of resources to what is easily read.
_LINE = 88
_LONGEST_SLUG = 32

# The country that a shared code is best known by (ITU-T E.164), where the catalogue calls it so; else it is the first.
_BEST_KNOWN = {
    "1": "United States",
    "7": "Russia",
    "39": "Italy",
    "44": "United Kingdom",
    "47": "Norway",
    "61": "Australia",
    "212": "Morocco",
    "262": "Réunion",
    "290": "St. Helena",
    "358": "Finland",
    "590": "Guadeloupe",
    "599": "Curaçao",
}


@dataclass(frozen=True, slots=True)
class ProviderInState:
    """Name the Provider that the account's resources get, as the stack's state has it.

    ``base_url`` and ``client_id``: what state has of them, or None.
    """

    name: str
    urn: str
    base_url: str | None = None
    client_id: str | None = None

    @property
    def token_key(self) -> str:
        """Return the key of the stack's configuration that the program reads the token from, such as secondToken."""
        words: list[str] = re.findall(r"[A-Za-z0-9]+", self.name) or ["account"]
        camel = "".join(word[0].upper() + word[1:] for word in words)
        return f"{camel[0].lower()}{camel[1:]}Token"


@dataclass(frozen=True, slots=True)
class Adoption:
    """Hold the text of the program and of the import file; ``codes`` are those that are open."""

    program: str
    import_file: str
    codes: tuple[str, ...]


def adopt(
    opened: Iterable[Direction],
    catalogue: Catalogue,
    *,
    exclusive: bool = False,
    provider: ProviderInState | None = None,
) -> Adoption:
    """Return what declares and imports the open directions: one resource each, or, ``exclusive``, one for them all."""
    found = {code: catalogue.get(code, direction) for code, direction in by_code(opened).items()}
    # The names in state have to differ between the accounts of a stack, too.
    prefix = f"{provider.name}-" if provider else ""
    if exclusive:
        whole = [found[code] for code in sorted(found)]
        # A person looks for a code by its number; state has them as the provider sorts them.
        by_number = sorted(whole, key=lambda direction: int(direction.code))
        program = _exclusive_program(f"{prefix}account", by_number, provider)
        resources = [_whole(f"{prefix}account", whole)]
    else:
        singles = {prefix + resource_name(found[code], catalogue): found[code] for code in found}
        singles = dict(sorted(singles.items()))
        program = _program(singles, catalogue, provider)
        resources = [_single(name, direction) for name, direction in singles.items()]
    return Adoption(program, _import_file(resources, provider), tuple(sorted(found)))


def resource_name(direction: Direction, catalogue: Catalogue) -> str:
    """Return a name that is readable, unique for the code that it ends in, and the same each time."""
    names = _countries(direction, catalogue)
    best = _BEST_KNOWN.get(direction.code)
    slug = _slug(best if best in names else next(iter(names), ""))
    if not slug:
        return f"direction-{direction.code}"
    return f"{slug}{'-and-others' if len(names) > 1 else ''}-{direction.code}"


def _countries(direction: Direction, catalogue: Catalogue) -> list[str]:
    """Return the English names of a code, each once, in the catalogue's order."""
    rows = [row for row in catalogue.rows if row.code == direction.code] or [direction]
    return list(dict.fromkeys(row.english_name for row in rows if row.english_name))


def _slug(name: str) -> str:
    """Return a name in lower-case ASCII letters and digits, its words joined by hyphens; empty where it has none."""
    decomposed = unicodedata.normalize("NFKD", name)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    slug = ""
    for word in re.findall(r"[a-z0-9]+", bare.lower()):
        longer = f"{slug}-{word}" if slug else word[:_LONGEST_SLUG]
        if len(longer) > _LONGEST_SLUG:
            break
        slug = longer
    return slug


# The import file


def _single(name: str, direction: Direction) -> dict[str, Any]:
    made_by = {identity.PROVIDER_INPUT: identity.DIRECTION_PROVIDER}
    return {
        "type": identity.DIRECTION_TYPE,
        "name": name,
        "id": direction.code,
        "inputs": {**made_by, "code": direction.code},
        "outputs": {**made_by, **direction.as_outputs()},
    }


def _whole(name: str, directions: Sequence[Direction]) -> dict[str, Any]:
    made_by = {identity.PROVIDER_INPUT: identity.DIRECTIONS_PROVIDER}
    inputs = {**made_by, "codes": [direction.code for direction in directions], "on_destroy": "retain"}
    return {
        "type": identity.DIRECTIONS_TYPE,
        "name": name,
        "id": identity.DIRECTIONS_ID,
        "inputs": inputs,
        "outputs": {**inputs, "directions": [direction.as_outputs() for direction in directions]},
    }


def _import_file(resources: Sequence[dict[str, Any]], provider: ProviderInState | None) -> str:
    content: dict[str, Any] = {"resources": resources}
    if provider:
        content = {
            "nameTable": {provider.name: provider.urn},
            "resources": [{**resource, "provider": provider.name} for resource in resources],
        }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


# The program

_HEAD = '''\
"""The call directions that `plusofon adopt` found open in a Plusofon account.

{what}
"""

import plusofon_pulumi as plusofon
import pulumi
'''
_WHAT_EXCLUSIVE = """\
Exactly these calling codes are open, `pulumi up` closes all others. A code that is
taken out of the list is closed, one that is added is opened."""
_WHAT = """\
Each of these calling codes is kept open. Others are none of this program's business."""

_PROTECTED_EXCLUSIVE = """\
    # Protected: neither `pulumi destroy` nor the loss of these lines gives the list up
    # by mistake. It does not keep the list from being changed."""
_PROTECTED = """\
# Protected: when a line below is lost, the next `pulumi up` would otherwise close a
# code that is in use. To close one on purpose: `pulumi state unprotect` its resource,
# remove its line, and run `pulumi up`."""


def _program(singles: Mapping[str, Direction], catalogue: Catalogue, provider: ProviderInState | None) -> str:
    option = "provider=account, " if provider else ""
    rows = []
    for name, direction in singles.items():
        countries = _countries(direction, catalogue)
        row = f"    {_string(name)}: {_string(direction.code)},"
        rows.append(_commented(row, ", ".join(countries) if len(countries) > 1 else ""))
    return _lines(
        _HEAD.format(what=_WHAT),
        *_declared(provider),
        _PROTECTED,
        f"opts = pulumi.ResourceOptions({option}protect=True)",
        "",
        "# The resource's name in Pulumi, and the calling code.",
        *_bracketed("DIRECTIONS: dict[str, str] = {", rows, "}"),
        "",
        "for name, code in DIRECTIONS.items():",
        "    plusofon.AllowedDirection(name, code=code, opts=opts)",
    )


def _exclusive_program(name: str, directions: Sequence[Direction], provider: ProviderInState | None) -> str:
    option = "provider=account, " if provider else ""
    rows = [_commented(f"        {_string(each.code)},", each.english_name) for each in directions]
    return _lines(
        _HEAD.format(what=_WHAT_EXCLUSIVE),
        *_declared(provider),
        "plusofon.AllowedDirections(",
        f"    {_string(name)},",
        *_bracketed("    codes=[", rows, "    ],"),
        _PROTECTED_EXCLUSIVE,
        f"    opts=pulumi.ResourceOptions({option}protect=True),",
        ")",
    )


def _declared(provider: ProviderInState | None) -> Iterator[str]:
    """Yield the lines that declare a Provider just as it is in state, so that no difference shows."""
    if provider is None:
        return
    yield "# The account that the codes belong to; a token is never written into a program."
    yield "config = pulumi.Config()"
    yield "account = plusofon.Provider("
    yield f"    {_string(provider.name)},"
    yield f"    token=config.require_secret({_string(provider.token_key)}),"
    if provider.client_id is not None:
        yield f"    client_id={_string(provider.client_id)},"
    if provider.base_url is not None:
        yield f"    base_url={_string(provider.base_url)},"
    yield ")"
    yield ""


def _bracketed(opening: str, rows: Sequence[str], closing: str) -> list[str]:
    return [opening, *rows, closing] if rows else [opening + closing.strip()]


# What a linter or a type checker would take for a word to itself, if a country were called so.
_DIRECTIVE = re.compile(r"(type|noqa|ruff|fmt|isort|flake8|pylint|mypy|pragma|nosec)\b", re.IGNORECASE)


def _commented(line: str, comment: str) -> str:
    """Return a line of code with a comment, which is cut, or left out, where it has no room."""
    text = printable(comment)
    room = _LINE - len(f"{line}  # ")
    if not text or room < 10 or _DIRECTIVE.match(text):
        return line
    return f"{line}  # {text if len(text) <= room else text[: room - 1].rstrip(' ,') + '…'}"


def _string(text: str) -> str:
    """Return a string literal as formatters write one: in double quotes, unless that takes more escapes."""
    literal = repr(text)
    return f'"{literal[1:-1]}"' if literal.startswith("'") and '"' not in literal else literal


def _lines(*parts: str) -> str:
    return "\n".join(parts) + "\n"
