"""AllowedDirections: the whole list of open directions of an account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, final

import pulumi

from plusofon_pulumi.identity import DIRECTIONS_PROVIDER, DIRECTIONS_TYPE
from plusofon_pulumi.resources.base import AccountResource
from plusofon_pulumi.resources.declarations import Declaration, is_later

Codes = Iterable[pulumi.Input["str | int"]]


@final
class AllowedDirections(AccountResource, module="plusofon", name="AllowedDirections"):
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
        on_destroy: pulumi.Input[str] = "retain",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """
        Declare that exactly these calling codes are open.

        ``codes``: calling codes (ITU-T E.164) that Plusofon's catalogue has, as "36", "+36", 36 or "1-242"; each, or
        the whole, may be an Output. It is a set: order, spelling and repetition do not matter. An empty one closes
        everything; None, a text, or an empty code among them is an error, never "all" and never "none".
        ``on_destroy``: when the resource is destroyed or taken out of the program, "retain" leaves everything as it is
        and says what stays open; "close" closes the codes that were last recorded.

        What is open and declared already is taken over without a write; whatever else is open is closed, before
        anything is opened. A preview tells each code that will close or open, also after a change in the account.

        What cannot work, no token and a refused token fail the preview, before anything is written; so does a second
        AllowedDirections for the same account, or an AllowedDirection whose code is not among these.

        Source: Plusofon's description of the direction methods (GET, PUT and DELETE ``/api/v1/direction``).
        """
        declaration = Declaration("AllowedDirections", resource_name, opts, is_whole=True)
        properties: dict[str, Any] = {
            "codes": _listed(codes, declaration),
            # This waits for the verdict, too: the codes do not while a preview does not know them.
            "on_destroy": declaration.gate(on_destroy),
            "directions": None,
        }
        super().__init__(DIRECTIONS_TYPE, DIRECTIONS_PROVIDER, resource_name, properties, opts)
        declaration.join(self)

    def __init_subclass__(cls, **kwargs: Any) -> NoReturn:
        # A subclass would get another type, and so another identity in state.
        raise TypeError("AllowedDirections is final: wrap it in a ComponentResource instead of subclassing it")


def _listed(codes: Any, declaration: Declaration) -> Any:
    """Return codes as Pulumi can send them, known to the declaration; what is no list stays as it is."""
    if isinstance(codes, (bytes, bytearray, memoryview)):
        # Pulumi cannot send bytes; as a text, the provider's check refuses them in plain words.
        codes = repr(codes)
    # A Task is iterable, too, and what it yields is not what it brings.
    if is_later(codes) or not isinstance(codes, Iterable) or isinstance(codes, (str, dict)):
        return declaration.code(codes)
    # Pulumi cannot send sets; as lists, the provider's check refuses them in plain words.
    listed = [list(code) if isinstance(code, (set, frozenset)) else code for code in codes]
    # One Output for all, where that will do: one for each of 215 codes takes its time.
    return [declaration.code(code) for code in listed] if any(map(is_later, listed)) else declaration.code(listed)
