"""What a search is worth: mistakes that somebody might make in the product, each of which it must find.

A mistake is put in for one search, with a seed that finds it soon. What no search finds soon has a history of its own,
which also runs without the mistake. Only public seams are used, so that the code behind them may change.
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
from pulumi.output import Unknown

from plusofon_pulumi.account import Account, delivery
from plusofon_pulumi.account.change import Change
from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery
from plusofon_pulumi.account.snapshot import Snapshot
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.errors import PlusofonError, UnexpectedResponseError
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from plusofon_pulumi.settings import is_close_only
from tests.mistakes import open_directions_or_none
from tests.model.model import Plan, Stack
from tests.model.program import Declared
from tests.model.promises import INVARIANTS
from tests.model.simulation import ALL, ONE, Clock, Process, sandbox_of
from tests.model.test_provider_model import search

Wrong = Callable[..., Any]
"""What is called instead of a method, with the right one as its first argument."""
SINGLE, WHOLE = AllowedDirectionProvider, AllowedDirectionsProvider


def around(patch: pytest.MonkeyPatch, owner: type, methods: str, wrong: Wrong) -> None:
    for method in methods.split():
        right = functools.partial(wrong, getattr(owner, method))
        patch.setattr(owner, method, lambda *arguments, right=right, **more: right(*arguments, **more))


def forgives_errors(right: Any, *arguments: Any) -> Any:
    with mock.patch.object(Account, "open_directions", open_directions_or_none):
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


def mends_though_it_only_closes(right: Any, self: Delivery, change: Change) -> None:
    with mock.patch(f"{delivery.__name__}.is_close_only", return_value=is_close_only() and bool(change.opens)):
        right(self, change)


def says_yes(right: Any, *arguments: Any) -> None:
    with contextlib.suppress(UnexpectedResponseError):
        right(*arguments)


def looks_once(right: Any, *arguments: Any) -> None:
    with mock.patch.object(delivery, "LOOK_PAUSES", ()):
        right(*arguments)


def sees_no_drift(right: Any, *arguments: Any) -> Any:
    found = right(*arguments)
    return found if found.replaces else type(found)(changes=False)


def reads_nothing(right: Any, *arguments: Any) -> Any:
    with mock.patch.object(PlusofonClient, "get_allowed_directions", return_value=[]):
        return right(*arguments)


def opens(right: Any, self: Any, olds: Any, news: Any) -> Any:
    found = right(self, olds, news)
    if not found.failures:
        self.account().open(found.inputs["code"], self.show_once)
    return found


def retains(right: Any, self: Any, id_: str, olds: Any, news: Any) -> Any:
    return right(self, id_, olds, news | {"on_destroy": olds.get("on_destroy", "retain")})


# Where each mistake is made, and how; and the seed of a search that finds it soon.
MISTAKES: dict[str, tuple[type, str, Wrong, int]] = {
    "an error is an empty list to a read": (SINGLE, "read", forgives_errors, 2026),
    "declared codes are closed": (Claims, "all", lambda *_: frozenset(), 2026),
    "only the sent codes are looked at": (Delivery, "deliver", looks_at_the_sent_codes, 1),
    "a whole list has one round": (Delivery, "deliver_exactly", does_not_compare, 1),
    "opens although a closing was not seen": (Delivery, "deliver_exactly", closes_and_opens_at_once, 2026),
    "a write's answer decides": (
        Change,
        "left",
        lambda _, self, live: {c for c, no in self.answers.items() if no},
        2026,
    ),
    "a closing that nobody saw is believed": (Delivery, "deliver", believes("closes"), 2026),
    "an opening that failed is believed": (Delivery, "deliver", believes("opens"), 1),
    "an unseen opening is said to have failed": (Delivery, "deliver", is_sure, 2026),
    "what shows late is not waited for": (Delivery, "deliver deliver_exactly", looks_once, 2026),
    "a write leaves the snapshot": (Snapshot, "invalidate", lambda *_: None, 2026),
    "success: false is success": (PlusofonClient, "allow_directions deny_directions", says_yes, 2026),
    "a long list is cut": (
        PlusofonClient,
        "get_allowed_directions",
        lambda right, *own, **more: right(*own, **more)[:2],
        2026,
    ),
    "codes are closed as texts only": (
        PlusofonClient,
        "deny_directions",
        lambda right, self, codes: right(self, [*map(str, codes)]),
        2026,
    ),
    "a list that ends closes what it was to retain": (
        WHOLE,
        "delete",
        lambda right, self, id_, props: right(self, id_, props | {"on_destroy": "close"}),
        2026,
    ),
    "a list forgets what to do when it ends": (WHOLE, "update", retains, 2026),
    "drift is not seen": (SINGLE, "diff", sees_no_drift, 2026),
    "a preview opens": (SINGLE, "check", opens, 2026),
    "an error has many lines": (PlusofonError, "saying", lambda right, self, text: right(self, f"{text}\n"), 2026),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_search_finds_a_mistake(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, method, wrong, number = MISTAKES[mistake]
    around(monkeypatch, owner, method, wrong)
    with pytest.raises(AssertionError, match=f"^({'|'.join(map(re.escape, INVARIANTS.values()))}): "):
        search(number, examples=200, phases=(Phase.generate,))


def both_kinds_are_refused(stack: Stack) -> None:
    singles = {"a": Declared(ONE, ("36",))}
    assert stack.preview({**singles, "w": Declared(ALL, ("36",))}).errors
    assert stack.preview({"w": Declared(ALL, ("36",)), **singles}).errors


def a_run_that_only_closes_mends_nothing(stack: Stack) -> None:
    """The owner closes 36 while 44 is closed by us: it is declared, and stays closed."""
    a, b = Declared(ONE, ("36",)), Declared(ONE, ("44",))
    stack.converge({"a": a, "b": b})
    # The list is read once before the write.
    assert "36 (Hungary)" in stack.up({"a": a}, Plan(only_closes=True, owner={2: frozenset({"44"})})).errors[0]


def an_unknown_code_needs_a_list_that_can_be_read(stack: Stack) -> None:
    unknown: Any = Unknown
    for kind, news in ((ONE, {"code": unknown()}), (ALL, {"codes": unknown(), "on_destroy": "close"})):
        stack.wire.renew()
        stack.sandbox.fail_next(1, "status:401", method="GET")
        with stack.wire.connected(), (process := Process(stack.sandbox)).heard():
            assert process.call(kind, "check", {}, news).failures


def a_list_that_cannot_be_read_stays_in_state(stack: Stack) -> None:
    stack.converge({"w": Declared(ALL, ("36",))})
    stack.refresh(Plan(faults=[{"n": 99, "fault": "status:403", "method": "GET"}]))


def a_code_whose_new_owner_failed_keeps_its_old_one(stack: Stack) -> None:
    """The list cannot close 7, so it opens nothing and is not in state; the single resource must stay there."""
    stack.converge({"a": Declared(ONE, ("36",))})
    stack.sandbox.set_open(["7", "36"])
    no_closing = {"n": 99, "fault": "status:403", "method": "DELETE"}
    stack.up({"w": Declared(ALL, ("36",))}, Plan(faults=[no_closing], goes_on=True))


HISTORIES: tuple[tuple[Callable[[Stack], None], type, str, Wrong], ...] = (
    (a_code_whose_new_owner_failed_keeps_its_old_one, Claims, "refusal", lambda *_: None),
    (a_list_that_cannot_be_read_stays_in_state, WHOLE, "read", forgives_errors),
    (both_kinds_are_refused, Claims, "claim_single claim_list", lambda right, *own, **more: right(*own, **more) and ""),
    (a_run_that_only_closes_mends_nothing, Delivery, "deliver", mends_though_it_only_closes),
    (an_unknown_code_needs_a_list_that_can_be_read, SINGLE, "check", reads_nothing),
    (an_unknown_code_needs_a_list_that_can_be_read, WHOLE, "check", reads_nothing),
)


@pytest.mark.parametrize("history, owner, methods, wrong", HISTORIES)
def test_a_history_holds_and_finds_a_mistake(
    history: Callable[[Stack], None],
    owner: type,
    methods: str,
    wrong: Wrong,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
) -> None:
    history(Stack(sandbox_of(), clock))
    around(monkeypatch, owner, methods, wrong)
    with pytest.raises(AssertionError):
        history(Stack(sandbox_of(), clock))
