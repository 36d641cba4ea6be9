"""Change: codes to open and to close, what was answered for them, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from plusofon_pulumi import errors
from plusofon_pulumi.directions import Direction

OpenList = Mapping[str, Direction]


@dataclass(eq=False)
class Change:
    """A change of the open list, for one caller or for several, and what came of it."""

    opens: set[str] = field(default_factory=set)
    closes: set[str] = field(default_factory=set)
    callers: int = 0
    is_done: threading.Event = field(default_factory=threading.Event)
    bug: BaseException | None = None

    before: OpenList = field(default_factory=dict)  # the list before the last write
    answers: dict[str, errors.PlusofonError | None] = field(default_factory=dict)  # to the last write; None: success

    opened: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)  # not closed, because the program declares them
    failures: dict[str, errors.PlusofonError] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)  # failed, and nobody could see whether they are open
    notices: list[str] = field(default_factory=list)

    def fail(self, codes: Iterable[str], error: errors.PlusofonError) -> None:
        """Note the error of codes that are not as wanted; the first one of a code counts."""
        for code in codes:
            self.failures.setdefault(code, error)

    def left(self, live: Collection[str]) -> set[str]:
        """Return the codes that were sent and that the list does not show as wanted."""
        return {code for code in self.answers if (code in live) is not (code in self.opens)}


def is_refusal(error: errors.PlusofonError | None) -> bool:
    """Return True if an answer may be about the codes: a wrong parameter, or a "no" in the API's own words."""
    is_no = isinstance(error, errors.UnexpectedResponseError) and bool(error.message)
    return is_no or isinstance(error, (errors.BadRequestError, errors.NotFoundError))
