"""The floor: a dynamic resource that does nothing, at the least cost that the engine allows.

It is pickled by reference and is no secret, as ours; a provider within a program costs the engine more.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class IdleProvider(ResourceProvider):
    """Keep what it is given."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Do nothing."""
        return CreateResult(props["code"], props)


class Idle(Resource):
    """Be there, and nothing else."""

    def __init__(self, resource_name: str, code: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(IdleProvider(), resource_name, {"code": code}, opts)
