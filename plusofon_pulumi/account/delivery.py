"""Delivery of a batch: send it, look at the live list, insist where that can help, and judge by what is seen.

What a write itself answers decides nothing; the list of open directions does.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.shared import Shared
from plusofon_pulumi.account.writes import OpenList, Sent, Write
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Catalogue
from plusofon_pulumi.errors import PlusofonError, UnknownDirectionError

# A write may show in the list up to 2 s later: the pauses between looks, in seconds, reach past that.
LOOK_PAUSES = (0.25, 0.5, 1.0, 1.5)
# How many parts of a refused batch are sent by themselves, and for how long, in seconds: enough for two bad codes among
# all that there are.
MOST_PARTS = 32
LONGEST_SEARCH = 60.0


@dataclass(slots=True)
class Result:
    """Hold what came of a batch: an error for each code that is not as wanted."""

    failures: dict[str, PlusofonError] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    """Those of the failed codes of which it could not be seen what they are."""
    kept: set[str] = field(default_factory=set)
    """Codes that were to be closed, and are claimed since."""
    believed: dict[str, PlusofonError] = field(default_factory=dict)
    """Codes that were answered to be open, and why that could not be seen."""


class Delivery:
    """Send changes to one account. Not for several threads at once: the Writer sees to that."""

    def __init__(
        self, client: PlusofonClient, live: Shared[OpenList], catalogue: Shared[Catalogue], claims: Claims
    ) -> None:
        self._client = client
        self._live = live
        self._catalogue = catalogue
        self._claims = claims

    def make(
        self, live: OpenList, *, closing: Sequence[str], opening: Sequence[str], close_first: bool = False
    ) -> Result:
        """Close and open codes; ``live`` is the list before, with every code of ``closing`` and none of ``opening``.

        ``close_first``: send the closing first, and open nothing where it was answered with an error and failed.
        """
        result = Result()
        if opening:
            opening = self._in_catalogue(opening, result)
        sent: list[Sent] = []
        if closing:
            sent.append(self._send(self._closing(live), closing))
            if close_first and sent[0].error is not None:
                self._settle([sent.pop()], result)
        if opening and not (close_first and result.failures.keys() & set(closing)):
            sent.append(self._send(self._opening(), opening))
        if sent:
            self._settle(sent, result)
        return result

    def _settle(self, sent: Sequence[Sent], result: Result) -> None:
        """Look what came of writes that were sent, and see to what is not as wanted."""
        try:
            seen = self._look(sent)
        except PlusofonError as blind:
            for each in sent:
                self._judge_unseen(each, blind, result)
        else:
            for each in sent:
                self._insist(each, each.write.left(each.codes, seen), result)

    def _in_catalogue(self, codes: Sequence[str], result: Result) -> list[str]:
        """Return the codes that can be opened, for the catalogue has ids for them; note an error for the others."""
        try:
            catalogue = self._catalogue.get()
        except PlusofonError as error:
            result.failures |= dict.fromkeys(codes, error)
            return []
        for code in codes:
            if not catalogue.ids(code):
                result.failures[code] = UnknownDirectionError("Plusofon's catalogue has no id for it alone")
        return [code for code in codes if catalogue.ids(code)]

    def _opening(self) -> Write:
        def send(codes: Sequence[str], _form: int) -> None:
            catalogue = self._catalogue.get()
            self._client.allow_directions([id_ for code in codes for id_ in catalogue.ids(code)])

        return Write(opens=True, call="PUT", send=send)

    def _closing(self, live: OpenList) -> Write:
        """Return the closing of codes, which go back as the list gave them; failing that, as number or text instead."""

        def written(code: str, form: int) -> str | int:
            own = live[code].api_code
            # A text may have been "1-242"; the number is of the digits.
            other: str | int = int(code) if isinstance(own, str) else code
            return other if form else own

        def send(codes: Sequence[str], form: int) -> None:
            self._client.deny_directions([written(code, form) for code in codes])

        return Write(opens=False, call="DELETE", send=send, forms=2)

    def _send(self, write: Write, codes: Sequence[str], form: int = 0) -> Sent:
        self._live.forget()
        return write.sent(codes, form)

    def _look(self, sent: Sequence[Sent]) -> OpenList:
        """Return the list as it is now, after waiting for what may still show up in it."""
        live = self._live.renew()
        for pause in LOOK_PAUSES:
            if not any(each.awaited(live) for each in sent):
                break
            time.sleep(pause)
            live = self._live.renew()
        return live

    def _insist(self, sent: Sent, left: Sequence[str], result: Result) -> None:
        """Try what may still help for the codes that the list does not show as wanted, then fail those that remain."""
        write = sent.write
        for form in range(1, write.forms):
            left = self._unclaimed(write, left, result)
            if not left or not (sent.error is None or sent.may_be_about_one()):
                break
            again = self._send(write, left, form)
            try:
                left = write.left(left, self._look([again]))
            except PlusofonError as blind:
                self._judge_unseen(again, blind, result)
                return
            sent = sent.then(again)
        if left and len(sent.codes) > 1 and sent.may_be_about_one():
            self._send_in_parts(sent, left, result)
        else:
            result.failures |= dict.fromkeys(left, sent.failure())

    def _send_in_parts(self, sent: Sent, left: Sequence[str], result: Result) -> None:
        """Send what is left of a refused batch again in halves, and refused halves likewise, to find a bad code."""
        write = sent.write
        answers = dict.fromkeys(left, sent)
        parts, until = _halves(left), time.monotonic() + LONGEST_SEARCH
        try:
            for _ in range(MOST_PARTS):
                if not parts or time.monotonic() > until:
                    break
                part = parts.pop(0)
                again = self._send_part(write, part, sorted(sent.refusals), result)
                if again.may_be_about_one():
                    answers |= dict.fromkeys(part, sent.then(again))
                    parts += _halves(write.left(part, self._live.renew())) if len(part) > 1 else []
                    continue
                answers |= dict.fromkeys(part, again)
                if again.error is not None:
                    break
            codes = [code for code in answers if code not in result.kept]
            left = write.left(codes, self._look([Sent(write, codes)]))
        except PlusofonError as blind:
            for code in answers.keys() - result.kept:
                self._judge_unseen(replace(answers[code], codes=[code]), blind, result)
        else:
            untried = {code for part in parts for code in part}
            result.failures |= {code: answers[code].failure(was_alone=code not in untried) for code in left}

    def _send_part(self, write: Write, part: Sequence[str], forms: Sequence[int], result: Result) -> Sent:
        """Send a part in each form that was refused, for that is one that the API reads, until one is not refused."""
        sent = Sent(write, part)
        for form in forms:
            part = self._unclaimed(write, part, result)
            if not part:
                break
            sent = self._send(write, part, form)
            if not sent.refusals:
                break
        return sent

    def _unclaimed(self, write: Write, codes: Sequence[str], result: Result) -> Sequence[str]:
        """Return the codes that may still be written: since the first attempt, some may be declared to be open."""
        if not write.opens:
            result.kept.update(filter(self._claims.holds, codes))
        return [code for code in codes if code not in result.kept]

    def _judge_unseen(self, sent: Sent, blind: PlusofonError, result: Result) -> None:
        """Judge a write after which the list could not be read.

        An opening that was answered with success counts: its state must have an owner, or nobody would ever close the
        code; the next preview reads the list again. A closing does not count: its resource stays in state.
        """
        if sent.write.opens and sent.error is None:
            result.believed |= dict.fromkeys(sent.codes, blind)
        else:
            result.failures |= dict.fromkeys(sent.codes, sent.error or blind)
            result.unseen.update(sent.codes)


def _halves(codes: Sequence[str]) -> list[Sequence[str]]:
    """Return the halves of codes; of one code, that one."""
    middle = len(codes) // 2
    return [half for half in (codes[:middle], codes[middle:]) if half]
