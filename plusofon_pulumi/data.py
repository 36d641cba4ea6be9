"""What is open and what exists, as data for programs: read when the program runs, also in a preview."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

import pulumi

from plusofon_pulumi.directions import Catalogue, Direction
from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.resources.provider import Provider, stack_config
from plusofon_pulumi.settings import Settings

if TYPE_CHECKING:
    from plusofon_pulumi.client import PlusofonClient


@overload
def get_directions(text: str = "", provider: Settings | None = None) -> list[Direction]: ...
@overload
def get_directions(text: str, provider: Provider) -> pulumi.Output[list[Direction]]: ...
@overload
def get_directions(*, provider: Provider) -> pulumi.Output[list[Direction]]: ...
def get_directions(
    text: str = "", provider: Provider | Settings | None = None
) -> list[Direction] | pulumi.Output[list[Direction]]:
    """Return the catalogue: every direction that exists, one entry a country, so that several may share a code.

    ``text``: only those whose Russian or English name has this in it, in any case, or whose code begins with it.
    ``provider``: a Provider, for its account (the answer is then an Output), or Settings; without one, the stack's.

    Raises pulumi.RunError, in plain words, where there is no token or the API does not give the catalogue
    (``GET /api/v1/directions``).
    """
    return _read(lambda client: client.get_directions().search(text), provider)


@overload
def get_allowed_directions(text: str = "", provider: Settings | None = None) -> list[Direction]: ...
@overload
def get_allowed_directions(text: str, provider: Provider) -> pulumi.Output[list[Direction]]: ...
@overload
def get_allowed_directions(*, provider: Provider) -> pulumi.Output[list[Direction]]: ...
def get_allowed_directions(
    text: str = "", provider: Provider | Settings | None = None
) -> list[Direction] | pulumi.Output[list[Direction]]:
    """Return the directions that are open in an account now.

    ``text`` and ``provider``: as for ``get_directions``. In an update, this is what was open before it.

    Raises pulumi.RunError, in plain words, where there is no token or the API does not give the list
    (``GET /api/v1/direction``).
    """
    return _read(lambda client: Catalogue(client.get_allowed_directions()).search(text), provider)


def _read(
    read: Callable[[PlusofonClient], list[Direction]], provider: Provider | Settings | None
) -> list[Direction] | pulumi.Output[list[Direction]]:
    if isinstance(provider, Provider):
        # The answer hangs on the token, but tells nothing of it.
        return pulumi.Output.unsecret(provider.given.apply(lambda given: _ask(read, given.get)))
    return _ask(read, provider)


def _ask(
    read: Callable[[PlusofonClient], list[Direction]], source: Settings | Callable[[str], Any] | None
) -> list[Direction]:
    # Imported here, for a program that only declares resources needs no HTTP client.
    from plusofon_pulumi.client import PlusofonClient  # noqa: PLC0415

    try:
        settings = source if isinstance(source, Settings) else Settings.from_config(source or stack_config)
        client = PlusofonClient(settings)
        try:
            return read(client)
        finally:
            client.close()
    except PlusofonError as error:
        # Pulumi shows a RunError without a traceback.
        raise pulumi.RunError(str(error)) from None
