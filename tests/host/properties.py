"""What the tests share: properties as the engine sends them, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.frozen import DIRECTIONS_PROVIDER
from tests.host.host import RefusedError

ID = "allowed-directions"
HUNGARY = {"code": "36", "name": "Венгрия", "english_name": "Hungary"}
GERMANY = {"code": "49", "name": "Германия", "english_name": "Germany"}
CUBA = {"code": "53", "name": "Куба", "english_name": "Cuba"}


def whole(codes: Any, on_destroy: str = "retain", **more: Any) -> dict[str, Any]:
    """Return properties of a whole list, with the provider that they belong to."""
    return {"codes": codes, "on_destroy": on_destroy, **more, "__provider": DIRECTIONS_PROVIDER}


def state(*directions: dict[str, str], on_destroy: str = "retain") -> dict[str, Any]:
    """Return the outputs of a whole list."""
    codes = [direction["code"] for direction in directions]
    return {"codes": codes, "directions": list(directions), "on_destroy": on_destroy}


def refused(call: Callable[..., object], *arguments: Any) -> str:
    """Return what the engine shows of a call that fails."""
    with pytest.raises(RefusedError) as error:
        call(*arguments)
    return str(error.value)
