"""Data functions: what is open and what exists, for programs; read when the program runs, also in a preview."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

import pulumi

from plusofon_pulumi.directions import Catalogue, Direction, describe_all
from plusofon_pulumi.errors import PlusofonError, UnknownDirectionError
from plusofon_pulumi.resources import Provider, stack_config
from plusofon_pulumi.settings import Settings

if TYPE_CHECKING:
    from plusofon_pulumi.client import PlusofonClient

T = TypeVar("T")


@overload
def get_direction(text: str, provider: Settings | None = None) -> Direction: ...
@overload
def get_direction(text: str, provider: Provider) -> pulumi.Output[Direction]: ...
def get_direction(text: str, provider: Provider | Settings | None = None) -> Direction | pulumi.Output[Direction]:
    """Return the one direction that has exactly this calling code or name.

    ``text``: a code, or a Russian or English name, in any case. ``provider``: a Provider, for its account (the answer
    is then an Output), or Settings; without one, the stack's. The direction may be given wherever a code is.

    Raises pulumi.RunError, with the nearest names, if there is none or there are several; also if there is no token or
    the API does not give the catalogue (``GET /api/v1/directions``).
    """
    return _read(lambda client: find_one(client.get_directions(), text), provider)


@overload
def get_directions(text: str | None = None, provider: Settings | None = None) -> list[Direction]: ...
@overload
def get_directions(text: str | None = None, *, provider: Provider) -> pulumi.Output[list[Direction]]: ...
def get_directions(
    text: str | None = None, provider: Provider | Settings | None = None
) -> list[Direction] | pulumi.Output[list[Direction]]:
    """Return the catalogue: every direction that exists, one entry a country, so that several may share a code.

    It is a search, for people: to open one country, use ``get_direction``. ``text``: only those whose Russian or
    English name has this in it, in any case, or whose code begins with it. ``provider``: as for ``get_direction``.

    Raises pulumi.RunError if the text is blank, there is no token or the API does not give the catalogue
    (``GET /api/v1/directions``).
    """
    return _read(lambda client: search(client.get_directions(), text), provider)


@overload
def get_allowed_directions(text: str | None = None, provider: Settings | None = None) -> list[Direction]: ...
@overload
def get_allowed_directions(text: str | None = None, *, provider: Provider) -> pulumi.Output[list[Direction]]: ...
def get_allowed_directions(
    text: str | None = None, provider: Provider | Settings | None = None
) -> list[Direction] | pulumi.Output[list[Direction]]:
    """Return the directions that are open in an account now.

    ``text`` and ``provider``: as for ``get_directions``. In an update, this is what was open before it.

    Raises pulumi.RunError if the text is blank, there is no token or the API does not give the list
    (``GET /api/v1/direction``).
    """
    return _read(lambda client: search(Catalogue(client.get_allowed_directions()), text), provider)


def find_one(catalogue: Catalogue, text: str) -> Direction:
    """Return the one direction of a catalogue with this code or name; raise UnknownDirectionError otherwise."""
    text = str(text)
    found = catalogue.find(text)
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownDirectionError(f"{text!r} is the name of several directions: {describe_all(found)}; give a code")
    nearest = ", ".join(map(str, catalogue.nearest(text)))
    hint = f"; the nearest: {nearest}" if nearest else ""
    raise UnknownDirectionError(f"Plusofon's catalogue has no direction with the code or name {text!r}{hint}")


def search(catalogue: Catalogue, text: str | None) -> list[Direction]:
    """Return the rows of a catalogue with a text in them, or all; raise UnknownDirectionError for a blank text."""
    if text is not None and not text.strip():
        raise UnknownDirectionError("the text to search for is blank: leave it out to get all directions")
    return catalogue.search(text or "")


def _read(read: Callable[[PlusofonClient], T], provider: Provider | Settings | None) -> T | pulumi.Output[T]:
    if isinstance(provider, Provider):
        # The answer needs the token, but does not hold it.
        return pulumi.Output.unsecret(provider.given.apply(lambda given: _ask(read, given.get)))
    return _ask(read, provider)


def _ask(read: Callable[[PlusofonClient], T], source: Settings | Callable[[str], Any] | None) -> T:
    # Imported here: a program that only declares resources needs no HTTP client.
    from plusofon_pulumi.client import PlusofonClient  # noqa: PLC0415

    try:
        settings = source if isinstance(source, Settings) else Settings.from_config(source or stack_config)
        with PlusofonClient(settings) as client:
            return read(client)
    except PlusofonError as error:
        # Pulumi shows a RunError without a traceback.
        raise pulumi.RunError(str(error)) from None
