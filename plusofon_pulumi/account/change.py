"""Change: codes to open and to close, what was sent for them, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from plusofon_pulumi import errors
from plusofon_pulumi.directions import Direction

OpenList = Mapping[str, Direction]

_PROXY_HINT = "Something on the way, such as a proxy, may drop the content of requests."
_HOME_HINT = (
    "If it is the account's home direction, Plusofon keeps it open: declare it, or set `retain_on_delete=True` on its "
    "resource and run `pulumi up` before you remove it."
)


@dataclass(eq=False)
class Change:
    """A change of the open list, for one caller or for several, and what came of it."""

    opens: set[str] = field(default_factory=set)
    closes: set[str] = field(default_factory=set)
    callers: int = 0
    is_done: threading.Event = field(default_factory=threading.Event)
    bug: BaseException | None = None

    opened: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    """Codes that were to be closed and stay open, because the program declares them."""
    failures: dict[str, errors.PlusofonError] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    """Failed codes of which nobody could see whether they are open."""
    notices: list[str] = field(default_factory=list)

    def fail(self, codes: Iterable[str], error: errors.PlusofonError) -> None:
        """Note the error of codes that are not as wanted; the first one of a code counts."""
        for code in codes:
            self.failures.setdefault(code, error)


@dataclass(eq=False)
class Write:
    """The openings or the closings of a change, and how each code was last answered (None: with success).

    ``before``: the list as it was, with the codes in the form in which the API gave them.
    """

    opens: bool
    before: OpenList
    answers: dict[str, errors.PlusofonError | None] = field(default_factory=dict)

    def left(self, live: Collection[str]) -> list[str]:
        """Return the codes that were sent and that the list does not show as wanted."""
        return [code for code in self.answers if (code in live) is not self.opens]

    @property
    def is_refused(self) -> bool:
        """Return True if an answer may be about one of the codes alone; then the others must not fail with it."""
        return any(map(is_refusal, self.answers.values()))

    def unchanged(self) -> errors.PlusofonError:
        """Return the error for a write that was answered with success and had no effect."""
        call, hint = ("PUT", _PROXY_HINT) if self.opens else ("DELETE", f"{_HOME_HINT} {_PROXY_HINT}")
        return errors.DirectionNotChangedError(
            f"{call} was answered with success, but the list of open directions has not changed. {hint}"
        )


def is_refusal(error: errors.PlusofonError | None) -> bool:
    """Return True if an answer may be about the codes: a wrong parameter, or a "no" in the API's own words."""
    is_no = isinstance(error, errors.UnexpectedResponseError) and bool(error.message)
    return is_no or isinstance(error, (errors.BadRequestError, errors.NotFoundError))
