"""What both resources share: how they are registered."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import Resource

from plusofon_pulumi.identity import PROVIDER_INPUT


class AccountResource(Resource):
    """Be a dynamic resource whose provider is stored as a constant."""

    def __init__(
        self,
        type_: str,
        provider: str,
        resource_name: str,
        properties: dict[str, Any],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        # Resource's own constructor would pickle the provider each time, and as each Python likes: 3.14 has another
        # protocol. What is stored names a class and nothing else, so it is the same text for everybody.
        pulumi.CustomResource.__init__(self, type_, resource_name, {**properties, PROVIDER_INPUT: provider}, opts)
