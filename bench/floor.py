"""The floor: a dynamic resource that does nothing, stored by reference like ours."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class IdleProvider(ResourceProvider):
    """Store the inputs."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Do nothing."""
        return CreateResult(props["code"], props)


class Idle(Resource):
    """A resource that exists in state alone."""

    def __init__(self, resource_name: str, code: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(IdleProvider(), resource_name, {"code": code}, opts)
