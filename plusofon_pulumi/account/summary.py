"""Summary: one error for all the codes of a change that are not as asked for, and one line for those that may not be.

Each code is named with what is true of it; of many, the first few.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

from plusofon_pulumi.account.writer import Change
from plusofon_pulumi.errors import PlusofonError

MOST_NAMED = 5
MOST_REASONS = 3
# Of one among several; 25 countries share the code 1.
LONGEST_LABEL = 80
_UNSEEN = "may not have been"


def one_error(change: Change, failures: Mapping[str, PlusofonError], label: Callable[[str], str]) -> PlusofonError:
    """Return the error of a change, of the kind of its first failure."""
    groups: dict[tuple[str, str], list[str]] = {}
    for code, failure in failures.items():
        done = "opened" if code in change.opens else "closed"
        what = f"{_UNSEEN} {done}" if code in change.unseen else f"not {done}"
        groups.setdefault((what, str(failure)), []).append(label(code))
    # What may be so, and could not be seen, is first what somebody must know.
    groups = dict(sorted(groups.items(), key=lambda group: not group[0][0].startswith(_UNSEEN)))
    told = [f"{_named(of)} {_verb(of, what)}: {text}" for (what, text), of in groups.items()]
    rest = sum(map(len, list(groups.values())[MOST_REASONS:]))
    if rest:
        told[MOST_REASONS:] = [f"{rest} more failed in other ways"]
    error = copy.copy(next(iter(failures.values())))
    error.args = ("; ".join(told),)
    return error


def notices(change: Change, label: Callable[[str], str]) -> list[str]:
    """Return what the user should be told of openings that were answered with success and could not be seen."""
    groups: dict[str, list[str]] = {}
    for code, blind in change.believed.items():
        groups.setdefault(str(blind), []).append(label(code))
    return [
        f"Plusofon answered that {_named(of)} {_verb(of, 'opened')}, but its list could not be read: {why}"
        for why, of in groups.items()
    ]


def _named(labels: list[str]) -> str:
    if len(labels) == 1:
        return labels[0]
    rest = len(labels) - MOST_NAMED
    return ", ".join(map(_short, labels[:MOST_NAMED])) + (f" and {rest} more" if rest > 0 else "")


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 2]}…)"


def _verb(labels: list[str], what: str) -> str:
    if what.startswith(_UNSEEN):
        return what
    return f"was {what}" if len(labels) == 1 else f"were {what}"
