"""Claims: which codes the program declares, as far as this process has been told.

The engine deletes a renamed or replaced resource after its successor was created, without saying that both mean one
code. `check` runs for everything that the program declares, in the same process, and before: it claims here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable


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

    def has_failed(self, code: str) -> bool:
        """Tell whether a code's new owner could not be made."""
        with self._lock:
            return code in self._failed
