"""Claims: what the program declares, as far as this process has seen.

The engine deletes a renamed or replaced resource after its successor was created, without saying that both mean one
code. `check` runs for everything that the program declares, in the same process, and before: it claims here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from plusofon_pulumi.errors import DirectionClaimedError, PlusofonError


class Claims:
    """Remember the codes that the program declares, by what kind of resource, and whether that could be carried out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._singles: set[str | None] = set()
        self._in_lists: set[str] = set()
        self._lists: list[frozenset[str] | None] = []
        self._succeeded, self._failed = set[str](), set[str]()

    def claim_single(self, code: str | None) -> DirectionClaimedError | None:
        """Note an AllowedDirection, and its code if that is known; return why it is refused, if it is."""
        with self._lock:
            self._singles.add(code)
            return _managed("an AllowedDirections", code or "the code", "this resource") if self._lists else None

    def claim_list(self, codes: Iterable[str], *, is_known: bool) -> DirectionClaimedError | None:
        """Note an AllowedDirections, and those of its codes that are known; return why it is refused, if it is."""
        own = frozenset(codes)
        with self._lock:
            self._in_lists |= own
            self._lists.append(own if is_known else None)
            singles = ", ".join(sorted(filter(None, self._singles), key=int))
            if self._singles:
                return _managed("AllowedDirection resources", singles or "their codes", "those resources")
            known = [each for each in self._lists if is_known and each is not None]
            others = [", ".join(sorted(each, key=int)) for each in known if each != own]
        another = "another AllowedDirections of this program declares other codes for this account"
        return DirectionClaimedError(f"{another} ({others[0] or 'none'}): keep one of them") if others else None

    def all(self) -> frozenset[str]:
        """Return the codes that the program declares."""
        with self._lock:
            return frozenset(filter(None, self._singles | self._in_lists))

    def mark(self, codes: Iterable[str], *, succeeded: bool) -> None:
        """Note that a declaration of codes was carried out, and so has an owner in state, or that this failed."""
        with self._lock:
            (self._succeeded if succeeded else self._failed).update(codes)

    def refusals(self, codes: Iterable[str]) -> dict[str, PlusofonError]:
        """Return an error for each code of which a deletion would leave no owner in state, although it is claimed."""
        error = DirectionClaimedError(
            "the program declares the code in another resource, which could not be made, so this one keeps it in "
            "state. Mend the other's error and run `pulumi up` again."
        )
        with self._lock:
            return dict.fromkeys((self._failed - self._succeeded).intersection(codes), error)


def _managed(by: str, codes: str, those: str) -> DirectionClaimedError:
    way_out = f"add {codes} to the codes of the AllowedDirections, if missing, and remove {those}"
    return DirectionClaimedError(
        f"this account is managed by {by} of this program: {way_out}; the list keeps its codes open"
    )
