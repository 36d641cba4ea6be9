"""AllowedDirection: one calling code that is open."""

from __future__ import annotations

from typing import Any, NoReturn, final

import pulumi

from plusofon_pulumi.identity import DIRECTION_PROVIDER, DIRECTION_TYPE
from plusofon_pulumi.resources.base import AccountResource
from plusofon_pulumi.resources.declarations import Declaration


@final
class AllowedDirection(AccountResource, module="plusofon", name="AllowedDirection"):
    """Keep one direction open in a Plusofon account; all others are none of its business."""

    code: pulumi.Output[str]
    """The calling code, as digits."""
    name: pulumi.Output[str]
    """The Russian name; of a code that several countries share, all their names."""
    english_name: pulumi.Output[str]
    """The English name, likewise."""

    def __init__(
        self, resource_name: str, code: pulumi.Input[str | int], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """
        Declare that a calling code is open.

        ``code``: a calling code (ITU-T E.164) that Plusofon's catalogue has, as "36", "+36", 36 or "1-242"; or an
        Output of one. A code that is open already is taken over without a write. Taken out of the program, or
        destroyed, it is closed: `protect` and `retain_on_delete` are Pulumi's ways to say otherwise. Another code
        replaces the resource: the new code is opened before the old one is closed.

        A code that cannot work, no token and a refused token fail the preview, before anything is written; so does a
        second declaration of the code in the same account.

        Source: Plusofon's description of the direction methods (GET, PUT and DELETE ``/api/v1/direction``).
        """
        declaration = Declaration("AllowedDirection", resource_name, opts, is_whole=False)
        properties: dict[str, Any] = {"code": declaration.code(code), "name": None, "english_name": None}
        super().__init__(DIRECTION_TYPE, DIRECTION_PROVIDER, resource_name, properties, opts)
        declaration.join(self)

    def __init_subclass__(cls, **kwargs: Any) -> NoReturn:
        # A subclass would get another type, and so another identity in state.
        raise TypeError("AllowedDirection is final: wrap it in a ComponentResource instead of subclassing it")
