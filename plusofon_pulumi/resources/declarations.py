"""Declarations of one program that contradict each other: found, and refused, before anything is registered.

A constructor must not raise, for what the program declared before would still be carried out; the provider's `check`
cannot, for it knows no names. An Output's callback runs once the (synchronous) program has ended, and before the
resource that waits for it is registered: by then, all that is declared is known, but for Outputs of other resources.
"""

from __future__ import annotations

import inspect
import itertools
import weakref
from collections.abc import Callable
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor

from plusofon_pulumi.directions import normalise_code
from plusofon_pulumi.errors import InvalidCallingCodeError

_NOT_KNOWN = object()


class Declaration:
    """Hold the codes that one resource declares, as far as they are known yet.

    ``kind`` and ``name``: the resource's class and name, for messages. ``opts``: the resource's options.
    """

    def __init__(self, kind: str, name: str, opts: pulumi.ResourceOptions | None) -> None:
        self.label = f'{kind} "{name}"'
        self.is_whole = kind == "AllowedDirections"
        # What is ignored does not count: state's recorded value holds instead.
        ignored = {"code", "codes"} & set((opts.ignore_changes if opts else None) or ())
        self._counts = not ignored
        self._values: list[Any] = []
        self._group: list[Declaration] = []

    def code(self, value: Any) -> pulumi.Output[Any]:
        """Return a code, or an Output of one or of a list of them, as an Output that waits for the verdict."""
        place = len(self._values)
        is_known = not isinstance(value, pulumi.Output) and not inspect.isawaitable(value)
        self._values.append(value if is_known else _NOT_KNOWN)

        def learn(known: Any) -> None:
            self._values[place] = known

        return self.gate(value, learn)

    def gate(self, value: Any, learn: Callable[[Any], None] = lambda _: None) -> pulumi.Output[Any]:
        """Return a value as an Output that fails, with all of the program's resources, where declarations conflict."""

        def pass_on(known: Any) -> Any:
            learn(known)
            conflicts = [why for pair in itertools.combinations(self._group, 2) if (why := _conflict(*pair))]
            if conflicts:
                raise pulumi.RunError("\n".join(conflicts))
            return known

        return pulumi.Output.from_input(value).apply(pass_on)

    def join(self, resource: pulumi.Resource) -> None:
        """Add this declaration to those of its program and cabinet; the resource has its provider by now."""
        root = pulumi.runtime.get_root_resource()
        # Under mocks the root outlives a test, and the next test's declarations are not this one's.
        if self._counts and root is not None and not isinstance(pulumi.runtime.settings.get_monitor(), MockMonitor):
            provider = resource.get_provider(resource.pulumi_resource_type)
            self._group = _groups.setdefault(root, {}).setdefault(provider, [])
            self._group.append(self)

    @property
    def is_known(self) -> bool:
        """Tell whether all of the codes are known."""
        return all(value is not _NOT_KNOWN for value in self._values)

    def codes(self) -> set[str]:
        """Return the codes that are known; what is no code is for the provider's check to refuse."""
        found = set()
        for value in self._values:
            for code in value if isinstance(value, (list, tuple)) else [value]:
                try:
                    found.add(normalise_code(code))
                except InvalidCallingCodeError:
                    continue
        return found


def _conflict(one: Declaration, other: Declaration) -> str | None:
    """Return why two declarations for one cabinet cannot both hold, or None."""
    if one.is_whole and other.is_whole:
        return f"{one.label} and {other.label} each declare the whole list of one cabinet: keep one of them."
    if not one.is_whole and not other.is_whole:
        shared = sorted(one.codes() & other.codes())
        return f"{one.label} and {other.label} both declare the code {shared[0]}: keep one of them." if shared else None
    whole, single = (one, other) if one.is_whole else (other, one)
    lacking = sorted(single.codes() - whole.codes()) if whole.is_known else []
    if not lacking:
        return None
    return (
        f"{single.label} declares the code {lacking[0]}, which {whole.label} does not list and so would close: "
        f"add it to the codes of {whole.label}, or remove {single.label}."
    )


# Per program (its root resource, for programs may follow each other in one process) and per provider (its cabinet).
_groups: weakref.WeakKeyDictionary[pulumi.Resource, dict[pulumi.ProviderResource | None, list[Declaration]]] = (
    weakref.WeakKeyDictionary()
)
