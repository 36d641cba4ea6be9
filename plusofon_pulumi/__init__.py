"""Plusofon's list of open directions (calling codes) as Pulumi resources.

Names are imported when first used: the command line starts without Pulumi, and a program without an HTTP client.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plusofon_pulumi.client import PlusofonClient
    from plusofon_pulumi.data import get_allowed_directions, get_direction, get_directions
    from plusofon_pulumi.directions import Catalogue, Direction, normalise_code
    from plusofon_pulumi.errors import (
        APIError,
        AuthenticationError,
        BadRequestError,
        CloseOnlyError,
        ConfigurationError,
        DirectionClaimedError,
        DirectionNotChangedError,
        DirectionNotOpenError,
        InvalidCallingCodeError,
        NotFoundError,
        PermissionDeniedError,
        PlusofonError,
        RateLimitError,
        RequestTimeoutError,
        ServerError,
        TransportError,
        UnexpectedResponseError,
        UnknownDirectionError,
    )
    from plusofon_pulumi.resources import AllowedDirection, AllowedDirections, Provider
    from plusofon_pulumi.settings import Settings

_HOMES = {
    "APIError": "errors",
    "AllowedDirection": "resources",
    "AllowedDirections": "resources",
    "AuthenticationError": "errors",
    "BadRequestError": "errors",
    "Catalogue": "directions",
    "CloseOnlyError": "errors",
    "ConfigurationError": "errors",
    "Direction": "directions",
    "DirectionClaimedError": "errors",
    "DirectionNotChangedError": "errors",
    "DirectionNotOpenError": "errors",
    "InvalidCallingCodeError": "errors",
    "NotFoundError": "errors",
    "PermissionDeniedError": "errors",
    "PlusofonClient": "client",
    "PlusofonError": "errors",
    "Provider": "resources",
    "RateLimitError": "errors",
    "RequestTimeoutError": "errors",
    "ServerError": "errors",
    "Settings": "settings",
    "TransportError": "errors",
    "UnexpectedResponseError": "errors",
    "UnknownDirectionError": "errors",
    "get_allowed_directions": "data",
    "get_direction": "data",
    "get_directions": "data",
    "normalise_code": "directions",
}

__all__ = [
    "APIError",
    "AllowedDirection",
    "AllowedDirections",
    "AuthenticationError",
    "BadRequestError",
    "Catalogue",
    "CloseOnlyError",
    "ConfigurationError",
    "Direction",
    "DirectionClaimedError",
    "DirectionNotChangedError",
    "DirectionNotOpenError",
    "InvalidCallingCodeError",
    "NotFoundError",
    "PermissionDeniedError",
    "PlusofonClient",
    "PlusofonError",
    "Provider",
    "RateLimitError",
    "RequestTimeoutError",
    "ServerError",
    "Settings",
    "TransportError",
    "UnexpectedResponseError",
    "UnknownDirectionError",
    "get_allowed_directions",
    "get_direction",
    "get_directions",
    "normalise_code",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("plusofon-pulumi")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
