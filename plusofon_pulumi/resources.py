"""Resources: what Pulumi programs declare: AllowedDirection, AllowedDirections, and a Provider for another account."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NoReturn, final

import pulumi
from pulumi.dynamic import Resource

from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import ConfigurationError
from plusofon_pulumi.identity import (
    DIRECTION_PROVIDER,
    DIRECTION_TYPE,
    DIRECTIONS_PROVIDER,
    DIRECTIONS_TYPE,
    PROVIDER_INPUT,
)
from plusofon_pulumi.settings import PROVIDER_KEY, SOURCES, find

Code = pulumi.Input["str | int | Direction"]
Codes = Iterable[Code]
OnDestroy = Literal["retain", "close"]


class _Resource(Resource):
    """A dynamic resource with a constant provider reference."""

    def __init__(
        self, type_: str, provider: str, name: str, properties: dict[str, Any], opts: pulumi.ResourceOptions | None
    ) -> None:
        # Resource's own constructor would pickle the provider each time, and Python 3.14 pickles differently. What is
        # stored names a class and nothing else, so it is the same text for everybody.
        pulumi.CustomResource.__init__(self, type_, name, {**properties, PROVIDER_INPUT: provider}, opts)


@final
class AllowedDirection(_Resource, module="plusofon", name="AllowedDirection"):
    """Keep one direction open in a Plusofon account; other codes are not touched."""

    code: pulumi.Output[str]
    """The calling code, as digits."""
    name: pulumi.Output[str]
    """The Russian name; of a code that several countries share, all their names."""
    english_name: pulumi.Output[str]
    """The English name, likewise."""

    def __init__(self, resource_name: str, code: Code, opts: pulumi.ResourceOptions | None = None) -> None:
        """
        Declare that a calling code is open.

        ``code``: a calling code (ITU-T E.164) that Plusofon's catalogue has, as "36", "+36", 36, "1-242" or a
        Direction, such as ``get_direction("Hungary")``; or an Output of one. A code that is open already is taken over
        without a write. If several resources declare one code, it stays open until the last of them goes. Removed
        from the program, or destroyed, it is closed, unless `protect` or `retain_on_delete` says otherwise. Another
        code replaces the resource: the new code is opened before the old one is closed.

        A code that cannot work, no token and a refused token fail the preview, before anything is written; so does an
        AllowedDirections for the same account in the same program.

        Source: Plusofon's description of the direction methods (GET, PUT and DELETE ``/api/v1/direction``).
        """
        properties = {"code": _plain(code), "name": None, "english_name": None}
        super().__init__(DIRECTION_TYPE, DIRECTION_PROVIDER, resource_name, properties, opts)

    def __init_subclass__(cls, **kwargs: object) -> NoReturn:
        # A subclass would get another type, and so another identity in state.
        raise TypeError("AllowedDirection is final: wrap it in a ComponentResource instead of subclassing it")


@final
class AllowedDirections(_Resource, module="plusofon", name="AllowedDirections"):
    """Own the whole list: exactly these directions are open in a Plusofon account, and all others are closed."""

    codes: pulumi.Output[Sequence[str]]
    """The calling codes that are open, as digits, sorted."""
    directions: pulumi.Output[Sequence[dict[str, str]]]
    """What is open, each with ``code``, ``name`` and ``english_name``."""
    on_destroy: pulumi.Output[str]
    """What a destruction does: "retain" or "close"."""

    def __init__(
        self,
        resource_name: str,
        codes: pulumi.Input[Codes],
        on_destroy: pulumi.Input[OnDestroy] = "retain",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """
        Declare that exactly these calling codes are open.

        ``codes``: calling codes (ITU-T E.164) that Plusofon's catalogue has, as "36", "+36", 36, "1-242" or a
        Direction; each, or the whole, may be an Output. It is a set: order, spelling and repetition do not matter. An
        empty one closes everything; None, a text, or an empty code among them is an error, never "all" and never
        "none". ``on_destroy``: when the resource is destroyed or removed from the program, "retain" leaves everything
        as it is and says what is left open; "close" closes the codes that were last recorded.

        What is open and declared already is taken over without a write; whatever else is open is closed, before
        anything is opened. A preview names each code that will close or open, also after a change in the account.

        What cannot work, no token and a refused token fail the preview, before anything is written; so does an
        AllowedDirection, or another AllowedDirections with other codes, for the same account in the same program.

        Source: Plusofon's description of the direction methods (GET, PUT and DELETE ``/api/v1/direction``).
        """
        properties = {"codes": _plain(codes), "on_destroy": on_destroy, "directions": None}
        super().__init__(DIRECTIONS_TYPE, DIRECTIONS_PROVIDER, resource_name, properties, opts)

    def __init_subclass__(cls, **kwargs: object) -> NoReturn:
        # A subclass would get another type, and so another identity in state.
        raise TypeError("AllowedDirections is final: wrap it in a ComponentResource instead of subclassing it")


def _plain(value: Any) -> Any:
    """Return a code or codes as Pulumi can send them; what is neither stays for the provider's check to refuse."""
    # A Task is iterable, too, and what it yields is not what it brings.
    if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
        return pulumi.Output.from_input(value).apply(_plain)
    if isinstance(value, Direction):
        return value.code
    if isinstance(value, (bytes, bytearray, memoryview)):
        return repr(value)  # Pulumi cannot send bytes
    if isinstance(value, Iterable) and not isinstance(value, (str, dict)):
        return [_plain(each) for each in value]
    return value


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
        an https URL, or an http one of this machine. If they are not given, those of the stack's configuration
        count, or else of the environment, or else 10553 and https://restapi.plusofon.ru.

        Each Provider has a plugin process of its own. A missing or empty token fails the preview of its resources.
        Raises pulumi.RunError if the stack's ``plusofon:clientId`` or ``plusofon:baseUrl`` is needed and empty.

        Source: Plusofon's description of the direction methods (the headers of each call).
        """
        given = {"token": pulumi.Output.secret(token), "client_id": client_id, "base_url": base_url}
        inputs: dict[str, Any] = {PROVIDER_KEY: resource_name}
        try:
            for setting, (key, _) in SOURCES.items():
                # Its process sees its own inputs alone, not the stack's.
                found = find(setting, stack_config) if given[setting] is None else None
                inputs[key] = found[0] if found else given[setting]
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
