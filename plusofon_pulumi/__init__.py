"""Plusofon's list of open directions (calling codes) as Pulumi resources.

Names are looked up when first used, so that the command-line tool starts without Pulumi, and a program that only
declares resources without an HTTP client.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plusofon_pulumi.client import PlusofonClient
    from plusofon_pulumi.data import get_allowed_directions, get_directions
    from plusofon_pulumi.directions import Catalogue, Direction, normalise_code
    from plusofon_pulumi.errors import (
        APIError,
        AuthenticationError,
        BadRequestError,
        ConfigurationError,
        DirectionClaimedError,
        DirectionNotChangedError,
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
    from plusofon_pulumi.resources.direction import AllowedDirection
    from plusofon_pulumi.resources.directions import AllowedDirections
    from plusofon_pulumi.resources.provider import Provider
    from plusofon_pulumi.settings import Settings

_HOMES = {
    "APIError": "errors",
    "AllowedDirection": "resources.direction",
    "AllowedDirections": "resources.directions",
    "AuthenticationError": "errors",
    "BadRequestError": "errors",
    "Catalogue": "directions",
    "ConfigurationError": "errors",
    "Direction": "directions",
    "DirectionClaimedError": "errors",
    "DirectionNotChangedError": "errors",
    "InvalidCallingCodeError": "errors",
    "NotFoundError": "errors",
    "PermissionDeniedError": "errors",
    "PlusofonClient": "client",
    "PlusofonError": "errors",
    "Provider": "resources.provider",
    "RateLimitError": "errors",
    "RequestTimeoutError": "errors",
    "ServerError": "errors",
    "Settings": "settings",
    "TransportError": "errors",
    "UnexpectedResponseError": "errors",
    "UnknownDirectionError": "errors",
    "get_allowed_directions": "data",
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
    "ConfigurationError",
    "Direction",
    "DirectionClaimedError",
    "DirectionNotChangedError",
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
