"""What a search is worth: mistakes that somebody might make in the product, each of which it must find.

A mistake is put in for one search, with a seed that finds it soon. Only public seams are used, so that the code behind
them may change. What no search finds soon is found by tests/unit: test_claims (both kinds, a code whose new owner
failed), test_provider (unknown codes), test_account (a mend in a run that only closes) and test_fault_table (an error
that a whole list takes for an empty one).
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from hypothesis import Phase

from plusofon_pulumi.account import Account, OpenList, delivery
from plusofon_pulumi.account.change import Change
from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery
from plusofon_pulumi.account.snapshot import Snapshot
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.errors import PlusofonError, UnexpectedResponseError
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from tests.model.promises import INVARIANTS
from tests.model.test_provider_model import search

Wrong = Callable[..., Any]
"""What is called instead of a method, with the right one as its first argument."""
SINGLE, WHOLE = AllowedDirectionProvider, AllowedDirectionsProvider


def forgives_errors(right: Any, *arguments: Any) -> Any:
    read = Account.open_directions

    def read_or_nothing(account: Account) -> OpenList:
        try:
            return read(account)
        except PlusofonError:
            return {}

    with mock.patch.object(Account, "open_directions", read_or_nothing):
        return right(*arguments)


def looks_at_the_sent_codes(right: Any, self: Delivery, change: Change) -> None:
    sent = self.claims.all() & (change.opens | change.closes)
    with mock.patch.object(self.claims, "all", return_value=sent):
        right(self, change)


def does_not_compare(right: Any, self: Delivery, change: Change) -> None:
    with mock.patch.object(delivery, "range", create=True, return_value=range(1)):
        right(self, change)
    for code in [code for code, error in change.failures.items() if "meanwhile" in str(error)]:
        del change.failures[code]


def closes_and_opens_at_once(_: Any, self: Delivery, change: Change) -> None:
    change.closes = {*self.live.get()} - change.opens
    self.deliver(change)


def believes(what: str) -> Wrong:
    def wrong(right: Any, self: Delivery, change: Change) -> None:
        right(self, change)
        for code in change.unseen & getattr(change, what):
            del change.failures[code]

    return wrong


def is_sure(right: Any, self: Delivery, change: Change) -> None:
    right(self, change)
    change.unseen.clear()


def says_yes(right: Any, *arguments: Any) -> None:
    with contextlib.suppress(UnexpectedResponseError):
        right(*arguments)


def looks_once(right: Any, *arguments: Any) -> None:
    with mock.patch.object(delivery, "LOOK_PAUSES", ()):
        right(*arguments)


def sees_no_drift(right: Any, *arguments: Any) -> Any:
    found = right(*arguments)
    return found if found.replaces else type(found)(changes=False)


def opens(right: Any, self: Any, olds: Any, news: Any) -> Any:
    found = right(self, olds, news)
    if not found.failures:
        self.account().open(found.inputs["code"], self.show_once)
    return found


def cuts(right: Any, *arguments: Any, **more: Any) -> Any:
    return right(*arguments, **more)[:2]


def closes_texts(right: Any, self: PlusofonClient, codes: Any) -> None:
    right(self, [*map(str, codes)])


def closes_what_it_retains(right: Any, self: Any, id_: str, props: Any) -> None:
    right(self, id_, props | {"on_destroy": "close"})


def retains(right: Any, self: Any, id_: str, olds: Any, news: Any) -> Any:
    return right(self, id_, olds, news | {"on_destroy": olds.get("on_destroy", "retain")})


# Where each mistake is made, and how.
MISTAKES: dict[str, tuple[type, str, Wrong]] = {
    "an error is an empty list to a read": (SINGLE, "read", forgives_errors),
    "declared codes are closed": (Claims, "all", lambda *_: frozenset()),
    "only the sent codes are looked at": (Delivery, "deliver", looks_at_the_sent_codes),
    "a whole list has one round": (Delivery, "deliver_exactly", does_not_compare),
    "opens although a closing was not seen": (Delivery, "deliver_exactly", closes_and_opens_at_once),
    "a write's answer decides": (Change, "left", lambda _, self, live: {c for c, no in self.answers.items() if no}),
    "a closing that nobody saw is believed": (Delivery, "deliver", believes("closes")),
    "an opening that failed is believed": (Delivery, "deliver", believes("opens")),
    "an unseen opening is said to have failed": (Delivery, "deliver", is_sure),
    "what shows late is not waited for": (Delivery, "deliver deliver_exactly", looks_once),
    "a write leaves the snapshot": (Snapshot, "invalidate", lambda *_: None),
    "success: false is success": (PlusofonClient, "allow_directions deny_directions", says_yes),
    "a long list is cut": (PlusofonClient, "get_allowed_directions", cuts),
    "codes are closed as texts only": (PlusofonClient, "deny_directions", closes_texts),
    "a list that ends closes what it was to retain": (WHOLE, "delete", closes_what_it_retains),
    "a list forgets what to do when it ends": (WHOLE, "update", retains),
    "drift is not seen": (SINGLE, "diff", sees_no_drift),
    "a preview opens": (SINGLE, "check", opens),
    "an error has many lines": (PlusofonError, "saying", lambda right, self, text: right(self, f"{text}\n")),
}
# With the usual seed these are found late.
SEEDS = {
    "only the sent codes are looked at": 1,
    "a whole list has one round": 1,
    "an opening that failed is believed": 1,
    "success: false is success": 4,
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_search_finds_a_mistake(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, methods, wrong = MISTAKES[mistake]
    for method in methods.split():
        right = functools.partial(wrong, getattr(owner, method))
        monkeypatch.setattr(owner, method, lambda *arguments, right=right, **more: right(*arguments, **more))
    with pytest.raises(AssertionError, match=f"^({'|'.join(map(re.escape, INVARIANTS.values()))}): "):
        search(SEEDS.get(mistake, 2026), examples=200, phases=(Phase.generate,))
