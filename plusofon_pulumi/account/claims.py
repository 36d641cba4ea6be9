"""Claims: which codes the program declares, as far as this process has been told.

The engine deletes a renamed or replaced resource after its successor was created, without saying that both mean one
code. `check` runs for everything that the program declares, in the same process, and before: it claims here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from plusofon_pulumi.errors import DirectionClaimedError


class Claims:
    """Remember the codes that the program declares, and those whose declaration could not be carried out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claimed: set[str] = set()
        self._failed: set[str] = set()

    def claim(self, codes: Iterable[str]) -> None:
        """Note that the program declares codes; harmless when repeated, as the engine checks a replacement twice."""
        with self._lock:
            self._claimed.update(codes)

    def holds(self, code: str) -> bool:
        """Tell whether the program declares a code."""
        with self._lock:
            return code in self._claimed

    def mark(self, codes: Iterable[str], *, failed: bool) -> None:
        """Note whether the last attempt to carry out a declaration failed: then its codes have no owner in state."""
        with self._lock:
            if failed:
                self._failed.update(codes)
            else:
                self._failed.difference_update(codes)

    def refusal(self, code: str) -> DirectionClaimedError | None:
        """Return the error for giving up a code whose new owner could not be made; None where there is no such."""
        with self._lock:
            if code not in self._failed:
                return None
        return DirectionClaimedError(
            "the program declares the code in another resource, which could not be made, so this one keeps it in "
            "state. Mend the other's error and run `pulumi up` again."
        )
