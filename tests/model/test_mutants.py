"""What a search is worth: mistakes that somebody might make in the product, each of which it must find.

A mistake is put in for one search, with a seed that finds it soon. What no search finds soon has a history of its own,
which also runs without the mistake. Only public seams are used, so that the code behind them may change.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from hypothesis import Phase
from pulumi.output import Unknown

from plusofon_pulumi.account import Account, delivery
from plusofon_pulumi.account.change import Change, Write
from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery
from plusofon_pulumi.account.snapshot import Snapshot
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.errors import PlusofonError, UnexpectedResponseError
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from tests.mistakes import open_directions_or_none
from tests.model.model import Plan, Stack
from tests.model.program import Declared
from tests.model.promises import INVARIANTS
from tests.model.simulation import ALL, ONE, Clock, Process, sandbox_of
from tests.model.test_provider_model import search

Patch = pytest.MonkeyPatch
SINGLE, WHOLE = AllowedDirectionProvider, AllowedDirectionsProvider


def around(patch: Patch, owner: type, method: str, wrong: Callable[..., Any]) -> None:
    """Let a wrong method be called instead, with the right one as its first argument."""
    right = getattr(owner, method)
    patch.setattr(owner, method, lambda *arguments, **more: wrong(right, *arguments, **more))


def an_error_is_an_empty_list_to_a_read(patch: Patch) -> None:
    def wrong(right: Any, *arguments: Any) -> Any:
        with mock.patch.object(Account, "open_directions", open_directions_or_none):
            return right(*arguments)

    around(patch, SINGLE, "read", wrong)


def an_error_is_an_empty_list_to_the_read_of_a_list(patch: Patch) -> None:
    def wrong(right: Any, *arguments: Any) -> Any:
        with mock.patch.object(Account, "open_directions", open_directions_or_none):
            return right(*arguments)

    around(patch, WHOLE, "read", wrong)


def declared_codes_are_closed(patch: Patch) -> None:
    patch.setattr(Claims, "all", lambda _: frozenset())


def codes_whose_new_owner_failed_are_given_up(patch: Patch) -> None:
    patch.setattr(Claims, "refusal", lambda *_: None)


def claims_ignore_a_second_kind(patch: Patch) -> None:
    for method in ("claim_single", "claim_list"):
        around(patch, Claims, method, lambda right, *arguments, **more: right(*arguments, **more) and "")


def only_the_sent_codes_are_looked_at(patch: Patch) -> None:
    def wrong(right: Any, self: Delivery, change: Change) -> None:
        sent = self.claims.all() & (change.opens | change.closes)
        with mock.patch.object(self.claims, "all", return_value=sent):
            right(self, change)

    around(patch, Delivery, "deliver", wrong)


def a_whole_list_has_one_round(patch: Patch) -> None:
    def wrong(right: Any, self: Delivery, change: Change) -> None:
        right(self, change)
        for code in [code for code, error in change.failures.items() if "meanwhile" in str(error)]:
            del change.failures[code]

    patch.setattr(delivery, "range", lambda _: range(1), raising=False)
    around(patch, Delivery, "deliver_exactly", wrong)


def a_list_opens_although_a_closing_was_not_seen(patch: Patch) -> None:
    def wrong(_: Any, self: Delivery, change: Change) -> None:
        change.closes = {*self.live.get()} - change.opens
        self.deliver(change)

    around(patch, Delivery, "deliver_exactly", wrong)


def a_write_s_answer_decides(patch: Patch) -> None:
    patch.setattr(Write, "left", lambda self, _: [code for code, answer in self.answers.items() if answer is not None])


def a_closing_that_nobody_saw_is_believed(patch: Patch) -> None:
    def wrong(right: Any, self: Delivery, change: Change) -> None:
        right(self, change)
        for code in change.unseen & change.closes:
            del change.failures[code]

    around(patch, Delivery, "deliver", wrong)


def an_opening_that_failed_is_believed(patch: Patch) -> None:
    def wrong(right: Any, self: Delivery, change: Change) -> None:
        right(self, change)
        for code in change.unseen & change.opens:
            del change.failures[code]

    around(patch, Delivery, "deliver", wrong)


def an_unseen_opening_is_said_to_have_failed(patch: Patch) -> None:
    def wrong(right: Any, self: Delivery, change: Change) -> None:
        right(self, change)
        change.unseen.clear()

    around(patch, Delivery, "deliver", wrong)


def close_only_opens_in_the_mend(patch: Patch) -> None:
    def wrong(right: Any, self: Delivery, change: Change) -> None:
        with mock.patch.object(self, "close_only", new=self.close_only and bool(change.opens)):
            right(self, change)

    around(patch, Delivery, "deliver", wrong)


def what_shows_late_is_not_waited_for(patch: Patch) -> None:
    patch.setattr(delivery, "LOOK_PAUSES", ())


def a_write_leaves_the_snapshot(patch: Patch) -> None:
    patch.setattr(Snapshot, "invalidate", lambda _: None)


def success_false_is_success(patch: Patch) -> None:
    def wrong(right: Any, *arguments: Any) -> None:
        with contextlib.suppress(UnexpectedResponseError):
            right(*arguments)

    for method in ("allow_directions", "deny_directions"):
        around(patch, PlusofonClient, method, wrong)


def a_long_list_is_cut(patch: Patch) -> None:
    around(patch, PlusofonClient, "get_allowed_directions", lambda right, *more, **options: right(*more, **options)[:2])


def codes_are_closed_as_texts_only(patch: Patch) -> None:
    around(patch, PlusofonClient, "deny_directions", lambda right, self, codes: right(self, [*map(str, codes)]))


def a_list_that_ends_closes_what_it_was_to_retain(patch: Patch) -> None:
    around(patch, WHOLE, "delete", lambda right, self, id_, props: right(self, id_, props | {"on_destroy": "close"}))


def a_list_forgets_what_to_do_when_it_ends(patch: Patch) -> None:
    def wrong(right: Any, self: Any, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> Any:
        return right(self, id_, olds, news | {"on_destroy": olds.get("on_destroy", "retain")})

    around(patch, WHOLE, "update", wrong)


def drift_is_not_seen(patch: Patch) -> None:
    def wrong(right: Any, *arguments: Any) -> Any:
        found = right(*arguments)
        return found if found.replaces else type(found)(changes=False)

    around(patch, SINGLE, "diff", wrong)


def unknown_codes_skip_the_read(patch: Patch) -> None:
    def wrong(right: Any, self: Any, olds: Any, news: Any) -> Any:
        with mock.patch.object(PlusofonClient, "get_allowed_directions", return_value=[]):
            return right(self, olds, news)

    around(patch, SINGLE, "check", wrong)
    around(patch, WHOLE, "check", wrong)


def a_preview_opens(patch: Patch) -> None:
    def wrong(right: Any, self: Any, olds: Any, news: Any) -> Any:
        found = right(self, olds, news)
        if not found.failures:
            self.account().open(found.inputs["code"], self.show_once)
        return found

    around(patch, SINGLE, "check", wrong)


def an_error_has_many_lines(patch: Patch) -> None:
    around(patch, PlusofonError, "about", lambda right, self, what: right(self, f"{what}\n"))


SEEDS: dict[Callable[[Patch], None], int] = {
    an_error_is_an_empty_list_to_a_read: 2026,
    an_error_is_an_empty_list_to_the_read_of_a_list: 1,
    declared_codes_are_closed: 2026,
    codes_whose_new_owner_failed_are_given_up: 2026,
    only_the_sent_codes_are_looked_at: 1,
    a_whole_list_has_one_round: 1,
    a_list_opens_although_a_closing_was_not_seen: 2026,
    a_write_s_answer_decides: 2026,
    a_closing_that_nobody_saw_is_believed: 2026,
    an_opening_that_failed_is_believed: 1,
    an_unseen_opening_is_said_to_have_failed: 2026,
    what_shows_late_is_not_waited_for: 2026,
    a_write_leaves_the_snapshot: 2026,
    success_false_is_success: 2026,
    a_long_list_is_cut: 2026,
    codes_are_closed_as_texts_only: 2026,
    a_list_that_ends_closes_what_it_was_to_retain: 2026,
    a_list_forgets_what_to_do_when_it_ends: 2026,
    drift_is_not_seen: 2026,
    a_preview_opens: 2026,
    an_error_has_many_lines: 2026,
}


@pytest.mark.parametrize("mistake", SEEDS, ids=lambda mistake: mistake.__name__)
def test_the_search_finds_a_mistake(mistake: Callable[[Patch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    mistake(monkeypatch)
    with pytest.raises(AssertionError, match=f"^({'|'.join(map(re.escape, INVARIANTS.values()))}): "):
        search(SEEDS[mistake], examples=200, phases=(Phase.generate,))


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


HISTORIES: dict[Callable[[Stack], None], Callable[[Patch], None]] = {
    both_kinds_are_refused: claims_ignore_a_second_kind,
    a_run_that_only_closes_mends_nothing: close_only_opens_in_the_mend,
    an_unknown_code_needs_a_list_that_can_be_read: unknown_codes_skip_the_read,
}


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__)
def test_a_history_holds_and_finds_a_mistake(
    history: Callable[[Stack], None], monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    history(Stack(sandbox_of(), clock))
    HISTORIES[history](monkeypatch)
    with pytest.raises(AssertionError):
        history(Stack(sandbox_of(), clock))
