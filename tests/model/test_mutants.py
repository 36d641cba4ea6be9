"""What a search is worth: mistakes that somebody might make in the product, each of which it must find.

A mistake is put in for one search, with a seed of its own; the first history that breaks an invariant ends it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase
from plusofon_pulumi.client.counters import Told

from plusofon_pulumi.account import Account, delivery
from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.delivery import Delivery, Result
from plusofon_pulumi.client import answers, pages
from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.provider import AllowedDirectionProvider, AllowedDirectionsProvider
from tests.mistakes import open_directions_or_none
from tests.model.model import INVARIANTS
from tests.model.test_provider_model import search

Patch = pytest.MonkeyPatch


def nothing_is_open_after_an_error(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method of a provider take a list that cannot be read for an empty one."""

    @functools.wraps(method)
    def mistaken(*arguments: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Account, "open_directions", open_directions_or_none)
            return method(*arguments)

    return mistaken


def an_error_is_an_empty_list_to(provider: type, method: str) -> Callable[[Patch], None]:
    def mistake(patch: Patch) -> None:
        patch.setattr(provider, method, nothing_is_open_after_an_error(getattr(provider, method)))

    mistake.__name__ = f"an_error_is_an_empty_list_to_{provider.__name__}_{method}"
    return mistake


def declared_codes_are_closed(patch: Patch) -> None:
    patch.setattr(Claims, "holds", lambda *_: False)


def codes_whose_new_owner_failed_are_given_up(patch: Patch) -> None:
    patch.setattr(Claims, "refusal", lambda *_: None)


def a_write_s_answer_decides(patch: Patch) -> None:
    def settle(_: Delivery, sent: Any, result: Result) -> None:
        for each in sent:
            if each.error is not None:
                result.failures |= dict.fromkeys(each.codes, each.error)

    patch.setattr(Delivery, "_settle", settle)


def a_closing_is_believed(patch: Patch) -> None:
    judge = Delivery._judge_unseen

    def believe(self: Delivery, sent: Any, blind: PlusofonError, result: Result) -> None:
        if sent.write.opens or sent.error is not None:
            judge(self, sent, blind, result)

    patch.setattr(Delivery, "_judge_unseen", believe)


def an_opening_that_failed_is_believed(patch: Patch) -> None:
    def believe(_: Delivery, sent: Any, blind: PlusofonError, result: Result) -> None:
        if sent.write.opens:
            result.believed |= dict.fromkeys(sent.codes, blind)
        else:
            result.failures |= dict.fromkeys(sent.codes, blind)

    patch.setattr(Delivery, "_judge_unseen", believe)


def an_unseen_opening_is_said_to_have_failed(patch: Patch) -> None:
    judge = Delivery._judge_unseen

    def forget(self: Delivery, sent: Any, blind: PlusofonError, result: Result) -> None:
        judge(self, sent, blind, result)
        result.unseen.clear()

    patch.setattr(Delivery, "_judge_unseen", forget)


def what_shows_late_is_not_waited_for(patch: Patch) -> None:
    patch.setattr(delivery, "LOOK_PAUSES", ())


def success_false_is_success(patch: Patch) -> None:
    patch.setattr(answers, "_says_no", lambda _: False)


def the_whole_list_is_opened_although_closing_failed(patch: Patch) -> None:
    make = Delivery.make

    def careless(self: Delivery, live: Any, *, closing: Any, opening: Any, **_: Any) -> Result:
        return make(self, live, closing=closing, opening=opening)

    patch.setattr(Delivery, "make", careless)


def the_whole_list_is_opened_first(patch: Patch) -> None:
    make = Delivery.make

    def hasty(self: Delivery, live: Any, *, closing: Any, opening: Any, **more: Any) -> Result:
        result = make(self, live, closing=[], opening=opening)
        rest = make(self, live, closing=closing, opening=[], **more)
        result.failures |= rest.failures
        result.unseen |= rest.unseen
        return result

    patch.setattr(Delivery, "make", hasty)


def only_the_first_page_is_read(patch: Patch) -> None:
    patch.setattr(pages, "told_by", lambda *_: Told())


def a_code_is_closed_in_one_form_only(patch: Patch) -> None:
    closing = Delivery._closing

    def one_form(self: Delivery, live: Any) -> Any:
        write = closing(self, live)
        return type(write)(opens=False, call="DELETE", send=write.send, forms=1)

    patch.setattr(Delivery, "_closing", one_form)


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
            self.account().open(found.inputs["code"])
        return found

    patch.setattr(AllowedDirectionProvider, "check", eager)


def an_error_has_many_lines(patch: Patch) -> None:
    about = PlusofonError.about
    patch.setattr(PlusofonError, "about", lambda self, what: about(self, f"{what}\n"))


ONE, ALL = AllowedDirectionProvider, AllowedDirectionsProvider
MISTAKES: tuple[Callable[[Patch], None], ...] = (
    *(an_error_is_an_empty_list_to(ONE, "read"), an_error_is_an_empty_list_to(ALL, "read")),
    *(declared_codes_are_closed, codes_whose_new_owner_failed_are_given_up, a_write_s_answer_decides),
    *(a_closing_is_believed, an_opening_that_failed_is_believed, an_unseen_opening_is_said_to_have_failed),
    *(what_shows_late_is_not_waited_for, success_false_is_success),
    *(the_whole_list_is_opened_although_closing_failed, the_whole_list_is_opened_first),
    *(only_the_first_page_is_read, a_code_is_closed_in_one_form_only),
    *(a_list_that_ends_closes_what_it_was_to_retain, a_list_forgets_what_to_do_when_it_ends),
    *(drift_is_not_seen, a_preview_opens, an_error_has_many_lines),
)
BROKEN = f"^({'|'.join(map(re.escape, INVARIANTS.values()))}): "


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.__name__ for mistake in MISTAKES])
def test_the_search_finds_a_mistake(mistake: Callable[[Patch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    mistake(monkeypatch)
    with pytest.raises(AssertionError, match=BROKEN):
        search(2026, examples=200, phases=(Phase.generate,))
