"""Resources that Pulumi programs declare: AllowedDirection, AllowedDirections, and a Provider for another account."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any, Literal, final

import pulumi
from pulumi.dynamic import Resource

from plusofon_pulumi import identity
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import ConfigurationError
from plusofon_pulumi.settings import PROVIDER_KEY, SOURCES, find

Code = pulumi.Input["str | int | Direction"]
Codes = Iterable[Code]
OnDestroy = Literal["retain", "close"]


class _Resource(Resource):
    """A dynamic resource with a constant provider reference."""

    def __init__(
        self, type_: str, provider: str, name: str, properties: dict[str, Any], opts: pulumi.ResourceOptions | None
    ) -> None:
        # Not Resource's own constructor: it pickles the provider anew, and other Python versions pickle differently.
        pulumi.CustomResource.__init__(self, type_, name, {**properties, identity.PROVIDER_INPUT: provider}, opts)


@final
class AllowedDirection(_Resource, module="plusofon", name="AllowedDirection"):
    """Keep one direction open in a Plusofon account; other codes are not touched."""

    code: pulumi.Output[str]
    """The calling code, as digits."""
    name: pulumi.Output[str]
    """The Russian name; all names, if several countries share the code."""
    english_name: pulumi.Output[str]
    """The English name, likewise."""

    def __init__(self, resource_name: str, code: Code, opts: pulumi.ResourceOptions | None = None) -> None:
        """
        Declare that a calling code is open.

        ``code``: a calling code (ITU-T E.164) in Plusofon's catalogue, as "36", "+36", 36, "1-242" or a Direction, such
        as ``get_direction("Hungary")``; or an Output of one. A code that is open already is taken over without a write.
        If several resources declare one code, it stays open until the last of them is deleted. Removed from the
        program, or destroyed, the resource closes its code, unless `protect` or `retain_on_delete` says otherwise. A
        change of the code replaces the resource: the new code opens before the old one closes.

        An impossible code, a missing or refused token, or an AllowedDirections for the same account in the same program
        fails the preview, before anything is written.

        Source: Plusofon's description of the direction methods (GET, PUT and DELETE ``/api/v1/direction``).
        """
        properties = {"code": _plain(code), "name": None, "english_name": None}
        super().__init__(identity.DIRECTION_TYPE, identity.DIRECTION_PROVIDER, resource_name, properties, opts)


@final
class AllowedDirections(_Resource, module="plusofon", name="AllowedDirections"):
    """Manage the whole list: exactly these directions are open in a Plusofon account, and all others are closed."""

    codes: pulumi.Output[Sequence[str]]
    """The calling codes that are open, as digits, sorted."""
    directions: pulumi.Output[Sequence[dict[str, str]]]
    """What is open, each with ``code``, ``name`` and ``english_name``."""
    on_destroy: pulumi.Output[str]
    """What happens on destroy: "retain" or "close"."""

    def __init__(
        self,
        resource_name: str,
        codes: pulumi.Input[Codes],
        on_destroy: pulumi.Input[OnDestroy] = "retain",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """
        Declare that exactly these calling codes are open.

        ``codes``: calling codes (ITU-T E.164) in Plusofon's catalogue, as "36", "+36", 36, "1-242" or a Direction; each
        of them, or the whole, may be an Output. Order, spelling and repetition do not matter. An empty list closes
        everything; None, a string, or an empty code is an error, and never means "all" or "none". ``on_destroy``: when
        the resource is destroyed or removed from the program, "retain" changes nothing and names what is left open;
        "close" closes the codes that state recorded last.

        Declared codes that are open already are taken over without a write. All others are closed, before anything is
        opened. A preview names each code that will close or open, also after a change in the account.

        Impossible codes, a missing or refused token, or an AllowedDirection, or other AllowedDirections with different
        codes, for the same account in the same program fail the preview, before anything is written.

        Source: Plusofon's description of the direction methods (GET, PUT and DELETE ``/api/v1/direction``).
        """
        properties = {"codes": _plain(codes), "on_destroy": on_destroy, "directions": None}
        super().__init__(identity.DIRECTIONS_TYPE, identity.DIRECTIONS_PROVIDER, resource_name, properties, opts)


def _plain(value: Any) -> Any:
    """Return a code or codes in a form that Pulumi can send; the provider's `check` refuses what is neither."""
    # Before the test for an Iterable: an asyncio Task is one.
    if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
        return pulumi.Output.from_input(value).apply(_plain)
    if isinstance(value, Direction):
        return value.code
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, memoryview, dict)):
        return [_plain(each) for each in value]
    return value


@final
class Provider(pulumi.ProviderResource):
    """Another account, with its own token, for resources that get it by ``provider=`` or from a component."""

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

        ``token``: its API token, best from ``pulumi.Config().require_secret``; it always becomes a secret.
        PLUSOFON_TOKEN and ``plusofon:token`` never take its place. ``client_id``: the ``Client`` header.
        ``base_url``: an https URL, or an http URL of this machine. The defaults of these two are the stack's
        configuration, or else the environment, or else 10553 and https://restapi.plusofon.ru.

        Each Provider has its own plugin process. A missing or empty token fails the preview of its resources.
        Raises pulumi.RunError if ``plusofon:clientId`` or ``plusofon:baseUrl`` is needed from the stack, and is empty.

        Source: Plusofon's description of the direction methods (the headers of each call).
        """
        given = {"token": pulumi.Output.secret(token), "client_id": client_id, "base_url": base_url}
        inputs: dict[str, Any] = {PROVIDER_KEY: resource_name}
        try:
            for setting, (key, _) in SOURCES.items():
                # Its plugin process sees only these inputs, not the stack's configuration.
                found = find(setting, stack_config) if given[setting] is None else None
                inputs[key] = found[0] if found else given[setting]
        except ConfigurationError as error:
            raise pulumi.RunError(str(error.about(f'Provider "{resource_name}"'))) from None
        self.given: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(inputs)
        super().__init__("pulumi-python", resource_name, dict(inputs), opts)


def stack_config(key: str) -> str | None:
    """Return the value of a key such as ``plusofon:baseUrl`` in the configuration of the running program's stack."""
    namespace, _, name = key.partition(":")
    return pulumi.Config(namespace).get(name)
