"""Provider: an account of its own, beside the stack's."""

from __future__ import annotations

from typing import Any, NoReturn, final

import pulumi

from plusofon_pulumi.errors import ConfigurationError
from plusofon_pulumi.settings import PROVIDER_KEY, SOURCES, find


@final
class Provider(pulumi.ProviderResource):
    """Name another account, with its own token, for resources that get it by ``provider=`` or from a component."""

    def __init__(
        self,
        resource_name: str,
        token: pulumi.Input[str],
        client_id: pulumi.Input[str] | None = None,
        base_url: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """
        Declare an account.

        ``token``: its API token, best from ``pulumi.Config().require_secret``; it is made a secret in any case.
        PLUSOFON_TOKEN and ``plusofon:token`` never take its place. ``client_id``: the ``Client`` header; ``base_url``:
        an https URL, or an http one of this machine. Where they are not given, those of the stack's configuration
        count, or else of the environment, or else 10553 and https://restapi.plusofon.ru.

        Each Provider has a plugin process of its own. A missing or empty token fails the preview of its resources.
        Raises pulumi.RunError where the stack's ``plusofon:clientId`` or ``plusofon:baseUrl`` is needed and empty.

        Source: Plusofon's description of the direction methods (the headers of each call).
        """
        given = {"token": pulumi.Output.secret(token), "client_id": client_id, "base_url": base_url}
        inputs: dict[str, Any] = {PROVIDER_KEY: resource_name}
        try:
            for setting, (key, _) in SOURCES.items():
                value = given[setting]
                # Its process sees its own inputs alone, not the stack's.
                inputs[key] = find(setting, stack_config) if value is None else value
        except ConfigurationError as error:
            raise pulumi.RunError(str(error.about(f'Provider "{resource_name}"'))) from None
        self.given: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(inputs)
        super().__init__("pulumi-python", resource_name, dict(inputs), opts)

    def __init_subclass__(cls, **kwargs: object) -> NoReturn:
        raise TypeError("Provider is final: wrap it in a ComponentResource instead of subclassing it")


def stack_config(key: str) -> str | None:
    """Return the stack's value of a key such as ``plusofon:baseUrl``, or None, within a Pulumi program."""
    namespace, _, name = key.partition(":")
    return pulumi.Config(namespace).get(name)
