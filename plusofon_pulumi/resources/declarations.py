"""Declarations of one program that contradict each other: found, and refused, before anything is registered.

A constructor must not raise, for what the program declared before would still be carried out; the provider's `check`
cannot, for it knows no names. An Output's callback runs once the (synchronous) program has ended, and before the
resource that waits for it is registered: by then, all that is declared is known, but for Outputs of other resources.
"""

from __future__ import annotations

import inspect
import itertools
import re
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor

from plusofon_pulumi.directions import normalise_code
from plusofon_pulumi.errors import InvalidCallingCodeError

_NOT_KNOWN = object()
MOST_TOLD = 10


class Declaration:
    """Hold the codes that one resource declares, as far as they are known yet.

    ``kind`` and ``name``: the resource's class and name, for messages. ``opts``: the resource's options. ``is_whole``:
    no other codes may be open.
    """

    def __init__(self, kind: str, name: str, opts: pulumi.ResourceOptions | None, *, is_whole: bool) -> None:
        self.label = f'{kind} "{name}"'
        self.is_whole = is_whole
        self._counts = not _ignores_codes(opts)
        # Each value's codes, or _NOT_KNOWN.
        self._values: list[Any] = []
        self._group = _Group()

    def code(self, value: Any) -> pulumi.Output[Any]:
        """Return a code, or an Output of one or of a list of them, as an Output that waits for the verdict."""
        place = len(self._values)
        self._values.append(_NOT_KNOWN if is_later(value) else _codes(value))

        def learn(known: Any) -> None:
            if self._values[place] is _NOT_KNOWN:
                self._values[place] = _codes(known)
                self._group.is_judged = False

        return self.gate(value, learn)

    def gate(self, value: Any, learn: Callable[[Any], None] = lambda _: None) -> pulumi.Output[Any]:
        """Return a value as an Output that fails, with all of the program's resources, where declarations conflict."""

        def pass_on(known: Any) -> Any:
            learn(known)
            self._group.refuse_conflicts()
            # Pulumi sends lists, but no sets.
            return list(known) if isinstance(known, (set, frozenset)) else known

        return pulumi.Output.from_input(value).apply(pass_on)

    def join(self, resource: pulumi.Resource) -> None:
        """Add this declaration to those of its program and account; the resource has its provider by now."""
        root = pulumi.runtime.get_root_resource()
        # Under mocks the root outlives a test, and the next test's declarations are not this one's.
        if self._counts and root is not None and not isinstance(pulumi.runtime.settings.get_monitor(), MockMonitor):
            account = resource.get_provider(resource.pulumi_resource_type) or root
            groups = _groups.setdefault(root, weakref.WeakKeyDictionary())
            self._group = groups.setdefault(account, _Group())
            self._group.add(self)

    @property
    def is_known(self) -> bool:
        """Tell whether all of the codes are known."""
        return all(value is not _NOT_KNOWN for value in self._values)

    @property
    def codes(self) -> set[str]:
        """Return the codes that are known."""
        return {code for value in self._values if value is not _NOT_KNOWN for code in value}


def is_later(value: Any) -> bool:
    """Tell whether a value is only known once the program has run on."""
    return isinstance(value, pulumi.Output) or inspect.isawaitable(value)


class _Group:
    """Hold the declarations of one program for one account."""

    def __init__(self) -> None:
        self._declarations: list[Declaration] = []
        self.is_judged = False
        self._verdict = ""

    def add(self, declaration: Declaration) -> None:
        self._declarations.append(declaration)
        self.is_judged = False

    def refuse_conflicts(self) -> None:
        """Raise pulumi.RunError, which is shown without a traceback, where declarations cannot all hold."""
        if not self.is_judged:
            conflicts = [*_conflicts(self._declarations)]
            rest = len(conflicts) - MOST_TOLD
            self._verdict = "\n".join(
                conflicts[:MOST_TOLD] + ([f"Conflicts that are not told: {rest}."] if rest > 0 else [])
            )
            self.is_judged = True
        if self._verdict:
            raise pulumi.RunError(self._verdict)


def _conflicts(declarations: list[Declaration]) -> Iterator[str]:
    """Yield why declarations for one account cannot all hold."""
    wholes = [each for each in declarations if each.is_whole]
    owners: dict[str, Declaration] = {}
    for one, other in itertools.pairwise(wholes):
        yield f"{one.label} and {other.label} each declare the whole list of one account: keep one of them."
    for single in declarations:
        if single.is_whole:
            continue
        for code in sorted(single.codes):
            owner = owners.setdefault(code, single)
            if owner is not single:
                yield f"{owner.label} and {single.label} both declare the code {code}: keep one of them."
        for whole in wholes:
            lacking = sorted(single.codes - whole.codes) if whole.is_known else []
            if lacking:
                yield (
                    f"{single.label} declares the code {lacking[0]}, which {whole.label} does not list and so would "
                    f"close: add it to the codes of {whole.label}, or remove {single.label}."
                )


def _codes(value: Any) -> set[str]:
    """Return the codes in a value; what is no code is for the provider's check to refuse."""
    found = set()
    for code in value if isinstance(value, (list, tuple, set, frozenset)) else [value]:
        try:
            found.add(normalise_code(code))
        except InvalidCallingCodeError:
            continue
    return found


def _ignores_codes(opts: pulumi.ResourceOptions | None) -> bool:
    """Tell whether state's recorded codes hold, whatever the program says (paths such as ``codes[0]``, or ``*``)."""
    ignored = (opts.ignore_changes if opts else None) or []
    return any(re.match(r"\*|codes?\b", path) for path in ignored)


# Per program (its root resource, for programs may follow each other in one process) and per account (its provider, or
# the root for the stack's own).
_groups: weakref.WeakKeyDictionary[pulumi.Resource, weakref.WeakKeyDictionary[pulumi.Resource, _Group]] = (
    weakref.WeakKeyDictionary()
)
