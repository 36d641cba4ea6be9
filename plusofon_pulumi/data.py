"""Data functions: look up what exists and what is open while a program runs, also in a preview."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

import pulumi

from plusofon_pulumi.directions import Catalogue, Direction, describe_all, shorten
from plusofon_pulumi.errors import PlusofonError, UnknownDirectionError
from plusofon_pulumi.resources import Provider, stack_config
from plusofon_pulumi.settings import Settings

if TYPE_CHECKING:
    from plusofon_pulumi.client import PlusofonClient

T = TypeVar("T")
Account = Provider | Settings | None
Directions = list[Direction]


@overload
def get_direction(text: str, provider: Settings | None = None) -> Direction: ...
@overload
def get_direction(text: str, provider: Provider) -> pulumi.Output[Direction]: ...
def get_direction(text: str, provider: Account = None) -> Direction | pulumi.Output[Direction]:
    """Return the one direction that has exactly this calling code or name.

    ``text``: a code, or a Russian or English name, in any case. ``provider``: a Provider, for its account (the answer
    is then an Output), or Settings; by default, the stack's. A direction can be passed wherever a code can.

    Raises pulumi.RunError if none or several have it, there is no token or ``GET /api/v1/directions`` fails.
    """
    return _read(lambda client: _find_one(client.get_directions(), str(text)), provider)


@overload
def get_directions(text: str | None = None, provider: Settings | None = None) -> Directions: ...
@overload
def get_directions(text: str | None = None, *, provider: Provider) -> pulumi.Output[Directions]: ...
def get_directions(text: str | None = None, provider: Account = None) -> Directions | pulumi.Output[Directions]:
    """Return the catalogue: all directions that exist, one entry for each country; several may share a code.

    This is a search, for people; to open one country, use ``get_direction``. ``text``: only the directions whose
    Russian or English name contains it, in any case, or whose code begins with it. ``provider``: see ``get_direction``.

    Raises pulumi.RunError if the text is blank, there is no token or ``GET /api/v1/directions`` fails.
    """
    return _read(lambda client: _search(client.get_directions(), text), provider)


@overload
def get_allowed_directions(text: str | None = None, provider: Settings | None = None) -> Directions: ...
@overload
def get_allowed_directions(text: str | None = None, *, provider: Provider) -> pulumi.Output[Directions]: ...
def get_allowed_directions(text: str | None = None, provider: Account = None) -> Directions | pulumi.Output[Directions]:
    """Return the directions that are open in an account now.

    ``text`` and ``provider``: as for ``get_directions``. In an update, this is what was open before it.

    Raises pulumi.RunError if the text is blank, there is no token or ``GET /api/v1/direction`` fails.
    """
    return _read(lambda client: _search(Catalogue(client.get_allowed_directions()), text), provider)


def _find_one(catalogue: Catalogue, text: str) -> Direction:
    found = catalogue.find(text)
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownDirectionError(f"{text!r} is the name of several directions: {describe_all(found)}; give a code")
    near = ", ".join(shorten(str(each), 60) for each in catalogue.nearest(text))
    hint = f"; the nearest: {near}" if near else ""
    raise UnknownDirectionError(f"Plusofon's catalogue has no direction with the code or name {text!r}{hint}")


def _search(catalogue: Catalogue, text: str | None) -> Directions:
    if text is not None and not text.strip():
        raise UnknownDirectionError("the text to search for is blank: leave it out to get all directions")
    return catalogue.search(text or "")


def _read(read: Callable[[PlusofonClient], T], provider: Account) -> T | pulumi.Output[T]:
    # Imported here: a program that only declares resources needs no HTTP client.
    from plusofon_pulumi.client import PlusofonClient  # noqa: PLC0415

    def ask(config: Callable[[str], Any]) -> T:
        try:
            settings = provider if isinstance(provider, Settings) else Settings.from_config(config)
            with PlusofonClient(settings) as client:
                return read(client)
        except PlusofonError as error:
            # Pulumi shows a RunError without a traceback.
            raise pulumi.RunError(str(error)) from None

    if isinstance(provider, Provider):
        # The answer needs the token, but does not hold it.
        return pulumi.Output.unsecret(provider.given.apply(lambda given: ask(given.get)))
    return ask(stack_config)
