"""Plusofon's list of open directions (calling codes) as Pulumi resources.

Names are imported when first used: the command line starts without Pulumi, and a program without an HTTP client.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plusofon_pulumi.client import PlusofonClient as PlusofonClient
    from plusofon_pulumi.data import get_allowed_directions as get_allowed_directions
    from plusofon_pulumi.data import get_direction as get_direction
    from plusofon_pulumi.data import get_directions as get_directions
    from plusofon_pulumi.directions import Catalogue as Catalogue
    from plusofon_pulumi.directions import Direction as Direction
    from plusofon_pulumi.directions import normalise_code as normalise_code
    from plusofon_pulumi.errors import APIError as APIError
    from plusofon_pulumi.errors import AuthenticationError as AuthenticationError
    from plusofon_pulumi.errors import BadRequestError as BadRequestError
    from plusofon_pulumi.errors import CloseOnlyError as CloseOnlyError
    from plusofon_pulumi.errors import ConfigurationError as ConfigurationError
    from plusofon_pulumi.errors import DirectionClaimedError as DirectionClaimedError
    from plusofon_pulumi.errors import DirectionNotChangedError as DirectionNotChangedError
    from plusofon_pulumi.errors import DirectionNotOpenError as DirectionNotOpenError
    from plusofon_pulumi.errors import InvalidCallingCodeError as InvalidCallingCodeError
    from plusofon_pulumi.errors import NotFoundError as NotFoundError
    from plusofon_pulumi.errors import PermissionDeniedError as PermissionDeniedError
    from plusofon_pulumi.errors import PlusofonError as PlusofonError
    from plusofon_pulumi.errors import RateLimitError as RateLimitError
    from plusofon_pulumi.errors import RequestTimeoutError as RequestTimeoutError
    from plusofon_pulumi.errors import ServerError as ServerError
    from plusofon_pulumi.errors import TransportError as TransportError
    from plusofon_pulumi.errors import UnexpectedResponseError as UnexpectedResponseError
    from plusofon_pulumi.errors import UnknownDirectionError as UnknownDirectionError
    from plusofon_pulumi.resources import AllowedDirection as AllowedDirection
    from plusofon_pulumi.resources import AllowedDirections as AllowedDirections
    from plusofon_pulumi.resources import Provider as Provider
    from plusofon_pulumi.settings import Settings as Settings

_MODULES = {
    "client": "PlusofonClient",
    "data": "get_allowed_directions get_direction get_directions",
    "directions": "Catalogue Direction normalise_code",
    "errors": "APIError AuthenticationError BadRequestError CloseOnlyError ConfigurationError DirectionClaimedError "
    "DirectionNotChangedError DirectionNotOpenError InvalidCallingCodeError NotFoundError PermissionDeniedError "
    "PlusofonError RateLimitError RequestTimeoutError ServerError TransportError UnexpectedResponseError "
    "UnknownDirectionError",
    "resources": "AllowedDirection AllowedDirections Provider",
    "settings": "Settings",
}
_HOMES = dict(sorted((name, module) for module, names in _MODULES.items() for name in names.split()))
if not TYPE_CHECKING:  # type checkers go by `as` above: they cannot follow this
    __all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("plusofon-pulumi")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
