"""What a search is worth: mistakes that somebody might make in the product, each of which it must find.

A mistake is put in for one search, with a seed of its own; the first history that breaks an invariant ends it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from hypothesis import Phase

from plusofon_pulumi.account import Account, delivery
from plusofon_pulumi.account.change import Change, Write
from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery
from plusofon_pulumi.account.snapshot import Snapshot
from plusofon_pulumi.client import lists, responses
from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from tests.mistakes import open_directions_or_none
from tests.model.promises import INVARIANTS
from tests.model.test_provider_model import search

Patch = pytest.MonkeyPatch


def an_error_is_an_empty_list_to(provider: type, method: str) -> Callable[[Patch], None]:
    right = getattr(provider, method)

    @functools.wraps(right)
    def wrong(*arguments: Any) -> Any:
        with mock.patch.object(Account, "open_directions", open_directions_or_none):
            return right(*arguments)

    def mistake(patch: Patch) -> None:
        patch.setattr(provider, method, wrong)

    mistake.__name__ = f"an_error_is_an_empty_list_to_{provider.__name__}_{method}"
    return mistake


def declared_codes_are_closed(patch: Patch) -> None:
    patch.setattr(Claims, "all", lambda _: frozenset())


def codes_whose_new_owner_failed_are_given_up(patch: Patch) -> None:
    patch.setattr(Claims, "refusal", lambda *_: None)


def only_the_sent_codes_are_looked_at(patch: Patch) -> None:
    patch.setattr(Delivery, "_mend_vanished", lambda *_: None)


def a_whole_list_has_one_round(patch: Patch) -> None:
    carry_out = Delivery._carry_out_round
    patch.setattr(Delivery, "_carry_out_round", lambda self, change: bool(carry_out(self, change)) and False)


def a_write_s_answer_decides(patch: Patch) -> None:
    def left(self: Write, _: Any) -> list[str]:
        return [code for code, answer in self.answers.items() if answer is not None]

    patch.setattr(Write, "left", left)


def a_closing_is_believed(patch: Patch) -> None:
    judge = Delivery._judge

    def believe(self: Delivery, change: Change, write: Write, after: Any, blind: Any) -> None:
        if after is None and not write.opens and not any(write.answers.values()):
            change.closed.update(write.answers)
        else:
            judge(self, change, write, after, blind)

    patch.setattr(Delivery, "_judge", believe)


def an_opening_that_failed_is_believed(patch: Patch) -> None:
    judge = Delivery._judge

    def believe(self: Delivery, change: Change, write: Write, after: Any, blind: Any) -> None:
        if after is None and write.opens:
            write.answers.update(dict.fromkeys(write.answers))
        judge(self, change, write, after, blind)

    patch.setattr(Delivery, "_judge", believe)


def an_unseen_opening_is_said_to_have_failed(patch: Patch) -> None:
    judge = Delivery._judge

    def forget(self: Delivery, change: Change, *arguments: Any) -> None:
        judge(self, change, *arguments)
        change.unseen.clear()

    patch.setattr(Delivery, "_judge", forget)


def what_shows_late_is_not_waited_for(patch: Patch) -> None:
    patch.setattr(delivery, "LOOK_PAUSES", ())


def a_write_leaves_the_snapshot(patch: Patch) -> None:
    patch.setattr(Snapshot, "invalidate", lambda _: None)


def success_false_is_success(patch: Patch) -> None:
    patch.setattr(responses, "_says_no", lambda _: False)


def a_list_opens_although_a_closing_was_not_seen(patch: Patch) -> None:
    write = Delivery._write

    def careless(self: Delivery, change: Change, before: Any, *, closing: Any = (), opening: Any = ()) -> Any:
        if closing:
            return write(self, change, before, closing=closing, opening=change.opens - before.keys())
        return write(self, change, self.live.get(), opening=change.opens - self.live.get().keys())

    patch.setattr(Delivery, "_write", careless)


def only_the_first_page_is_read(patch: Patch) -> None:
    patch.setattr(lists, "_paginator", lambda _: None)
    patch.setattr(lists, "_goes_on", lambda _: False)


def a_code_is_closed_in_one_form_only(patch: Patch) -> None:
    def deny(self: Delivery, before: Any, codes: Any, *, swapped: bool) -> None:
        self.client.deny_directions([before[code].api_code for code in codes])

    patch.setattr(Delivery, "_deny", deny)


def a_list_that_ends_closes_what_it_was_to_retain(patch: Patch) -> None:
    delete = AllowedDirectionsProvider.delete

    def eager(self: AllowedDirectionsProvider, id_: str, props: dict[str, Any]) -> None:
        delete(self, id_, props | {"on_destroy": "close"})

    patch.setattr(AllowedDirectionsProvider, "delete", eager)


def a_list_forgets_what_to_do_when_it_ends(patch: Patch) -> None:
    update = AllowedDirectionsProvider.update

    def forgetful(self: AllowedDirectionsProvider, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> Any:
        return update(self, id_, olds, news | {"on_destroy": olds.get("on_destroy", "retain")})

    patch.setattr(AllowedDirectionsProvider, "update", forgetful)


def drift_is_not_seen(patch: Patch) -> None:
    diff = AllowedDirectionProvider.diff

    def blind(self: AllowedDirectionProvider, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> Any:
        found = diff(self, id_, olds, news)
        return found if found.replaces else type(found)(changes=False)

    patch.setattr(AllowedDirectionProvider, "diff", blind)


def a_preview_opens(patch: Patch) -> None:
    check = AllowedDirectionProvider.check

    def eager(self: AllowedDirectionProvider, olds: dict[str, Any], news: dict[str, Any]) -> Any:
        found = check(self, olds, news)
        if not found.failures:
            self.account().open(found.inputs["code"], self.show_once)
        return found

    patch.setattr(AllowedDirectionProvider, "check", eager)


def an_error_has_many_lines(patch: Patch) -> None:
    about = PlusofonError.about
    patch.setattr(PlusofonError, "about", lambda self, what: about(self, f"{what}\n"))


ONE, ALL = AllowedDirectionProvider, AllowedDirectionsProvider
MISTAKES: tuple[Callable[[Patch], None], ...] = (
    *(an_error_is_an_empty_list_to(ONE, "read"), an_error_is_an_empty_list_to(ALL, "read")),
    *(declared_codes_are_closed, codes_whose_new_owner_failed_are_given_up, only_the_sent_codes_are_looked_at),
    *(a_whole_list_has_one_round, a_write_s_answer_decides, a_closing_is_believed, an_opening_that_failed_is_believed),
    *(an_unseen_opening_is_said_to_have_failed, what_shows_late_is_not_waited_for, a_write_leaves_the_snapshot),
    *(success_false_is_success, a_list_opens_although_a_closing_was_not_seen, only_the_first_page_is_read),
    *(a_code_is_closed_in_one_form_only, a_list_that_ends_closes_what_it_was_to_retain),
    *(a_list_forgets_what_to_do_when_it_ends, drift_is_not_seen, a_preview_opens, an_error_has_many_lines),
)
BROKEN = f"^({'|'.join(map(re.escape, INVARIANTS.values()))}): "


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.__name__ for mistake in MISTAKES])
def test_the_search_finds_a_mistake(mistake: Callable[[Patch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    mistake(monkeypatch)
    with pytest.raises(AssertionError, match=BROKEN):
        search(2026, examples=200, phases=(Phase.generate,))
