"""Delivery: send a change, look at the live list, mend what a second try may mend, and judge by what is seen.

What a write answers decides nothing; the list of open directions that is read after it does.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from plusofon_pulumi import errors
from plusofon_pulumi.account.change import Change, OpenList, is_refusal
from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.snapshot import Snapshot
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Catalogue
from plusofon_pulumi.settings import is_close_only

# A write may show in the list up to 2 s later: the pauses between looks, in seconds, reach past that.
LOOK_PAUSES = (0.25, 0.5, 1.0, 1.5)
# How often a refused batch is sent again in parts, and for how long, in seconds: enough for two bad codes among all.
MOST_PARTS, LONGEST_SEARCH = 32, 60.0

UNCHANGED = "was answered with success, but the list of open directions has not changed."
OPENED = "it was opened meanwhile, by somebody or by Plusofon. Run `pulumi up` again."
PROXY_HINT = "Something on the way, such as a proxy, may drop the content of requests."
HOME_HINT = (
    "If it is the account's home direction, Plusofon keeps it open: declare it, or set `retain_on_delete=True` on its "
    "resource and run `pulumi up` before you remove it."
)


@dataclass
class Delivery:
    """Carry out changes of one account, one at a time: the Writer sees to that."""

    client: PlusofonClient
    live: Snapshot[OpenList]
    catalogue: Snapshot[Catalogue]
    claims: Claims
    names: Callable[[Collection[str]], str]
    has_written: bool = False
    # What was open after the last batch, or when `diff` compared it: what the program declares of it must not vanish.
    last_seen: set[str] = field(default_factory=set)

    def deliver(self, change: Change) -> None:
        """Open and close single codes; what else the program declares must still be open afterwards."""
        change.closes -= change.opens
        # A deletion that would leave nobody in state who owns the code fails, whatever is open now.
        change.failures = self.claims.refusals(change.closes)
        with self.live.lock:
            try:
                before = self.live.get()
                after = self._write(change, before, (change.closes & before.keys()) | (change.opens - before.keys()))
                if after is None:
                    self.last_seen |= before.keys() | (change.opens - change.failures.keys())
                    return
                self.last_seen = {*self._mend_vanished(change, before, after)}
                change.fail(change.closes & self.last_seen - self.claims.all(), errors.DirectionNotChangedError(OPENED))
            except errors.PlusofonError as error:
                change.fail(change.opens | change.closes, error)

    def deliver_exactly(self, change: Change) -> None:
        """Make the open list equal to ``change.opens``; a second round mends what somebody changed meanwhile."""
        with self.live.lock:
            try:
                live = self.live.get()
            except errors.PlusofonError as error:
                raise error.about("the open directions were not changed") from None
            for _ in range(2):
                after = self._carry_out_round(change, live)
                if after is None:
                    return
                live = after
        change.closed -= live.keys()
        change.opened &= live.keys()
        change.fail(live.keys() - change.opens, errors.DirectionNotChangedError(OPENED))
        why = f"{OPENED.replace('opened', 'closed')} Or does PUT replace the list?"
        change.fail(change.opens - live.keys(), errors.DirectionNotChangedError(why))

    def _carry_out_round(self, change: Change, before: OpenList) -> OpenList | None:
        """Close, see it closed, then open; return the list after that, or None if there is nothing to compare."""
        change.opened &= before.keys()
        change.closed -= before.keys()
        closing = before.keys() - change.opens
        still_declared = closing & self.claims.all()
        live = before if still_declared else self._write(change, before, closing)
        claimed = errors.DirectionClaimedError("another resource of this program declares it: put it in the list alone")
        change.fail(still_declared | change.kept, claimed)
        if live is None or change.failures.keys() - change.opens:
            why = f"nothing is opened while others may be open that must not be: {self.names(change.failures)}"
            change.fail(change.opens - before.keys(), errors.DirectionNotChangedError(why))
            return None
        return self._write(change, live, change.opens - live.keys() - change.failures.keys())

    def _write(self, change: Change, before: OpenList, codes: AbstractSet[str]) -> OpenList | None:
        """Close or open codes and verify it; return the list as it is then, or None if it cannot be read."""
        change.before, change.answers = before, {}
        self._send(change, sorted(codes - change.opens))
        self._send(change, sorted(codes & change.opens))
        after, blind = before, None
        try:
            after = self._verify(change) if change.answers else before
        except errors.PlusofonError as error:
            blind = error
        self._judge(change, after, blind)
        return None if blind else after

    def _judge(self, change: Change, after: OpenList, blind: errors.PlusofonError | None) -> None:
        """Note which codes are as wanted, by the list after a write or, if that cannot be read, by the answers.

        An opening that was answered with success then counts: its state must have an owner, or nobody would ever close
        the code; the next preview reads the list again. A closing does not count: its resource stays in state.
        """
        done = change.answers.keys() - change.left(after)
        if blind:
            done = {code for code, answer in change.answers.items() if answer is None and code in change.opens}
            change.unseen = change.answers.keys() - done
        else:
            change.opened |= done & change.opens
            change.closed |= done - change.opens
        if blind and done:
            why = f"but its list could not be read, and nothing was compared: {blind}"
            change.notices.append(f"Plusofon answered that {self.names(done)} opened, {why}")
        for code in change.answers.keys() - done - change.kept:
            what = f"PUT {UNCHANGED}" if code in change.opens else f"DELETE {UNCHANGED} {HOME_HINT}"
            unchanged = errors.DirectionNotChangedError(f"{what} {PROXY_HINT}")
            change.fail([code], change.answers[code] or blind or unchanged)

    def _openable(self, change: Change, codes: Sequence[str]) -> list[str]:
        """Return the codes that can be opened; note an error for the others."""
        openable = []
        for code in codes:
            try:
                if is_close_only():
                    raise errors.CloseOnlyError("this run only closes; a person must run `pulumi up`")
                self.catalogue.get().find_one(code)
                openable.append(code)
            except errors.PlusofonError as error:
                change.fail([code], error)
        return openable

    def _send(self, change: Change, codes: Sequence[str], *, swapped: bool = False) -> None:
        """Send codes once, but close nothing that the program declares by now; ``swapped``: in the other type."""
        is_opening = change.opens.issuperset(codes)
        if is_opening:
            codes = self._openable(change, codes)
        else:
            change.failures = self.claims.refusals(codes) | change.failures
            change.kept |= self.claims.all().intersection(codes)
            codes = [code for code in codes if code not in change.kept]
        if not codes:
            return
        self.has_written = True
        self.live.invalidate()
        answer: errors.PlusofonError | None = None
        try:
            if is_opening:
                catalogue = self.catalogue.get()
                self.client.allow_directions([id_ for code in codes for id_ in catalogue.ids(code)])
            else:
                own = {code: change.before[code].api_code for code in codes}
                other = {code: int(code) if isinstance(own[code], str) else code for code in codes}
                self.client.deny_directions((other if swapped else own).values())
        except errors.PlusofonError as error:
            answer = error
        if not (swapped and is_refusal(answer)):
            change.answers.update(dict.fromkeys(codes, answer))

    def _verify(self, change: Change) -> OpenList:
        """Verify a write by the list, retry what a retry may fix, and return the last list."""
        refused = {code for code, answer in change.answers.items() if is_refusal(answer)}
        after = self._look(change, change.answers.keys() - refused)
        left = change.left(after)
        closings, openings = sorted(left - change.opens), sorted(left & change.opens)
        # The description shows codes as texts and as numbers, and DELETE may compare them as such.
        is_swapped = bool(closings) and (closings[0] in refused or change.answers[closings[0]] is None)
        if is_swapped:
            self._send(change, closings, swapped=True)
        for codes in (closings, openings):
            # One call has one answer for all of its codes.
            if codes and len(change.answers) > 1 and is_refusal(change.answers[codes[0]]):
                self._send_in_halves(change, codes)
        return self._look(change, change.answers.keys()) if is_swapped or left & refused else after

    def _look(self, change: Change, codes: AbstractSet[str]) -> OpenList:
        """Return the list as it is now, after waiting for what may still show up in it."""
        for pause in (*LOOK_PAUSES, None):
            self.live.invalidate()
            live = self.live.get()
            if pause is None or not change.left(live) & codes:
                break
            time.sleep(pause)
        return live

    def _send_in_halves(self, change: Change, codes: list[str]) -> None:
        """Send refused codes again in halves, and refused halves likewise, so that one does not fail its neighbours."""
        until = time.monotonic() + LONGEST_SEARCH
        parts = [part for part in (codes[::2], codes[1::2]) if part]
        for _ in range(MOST_PARTS):
            if not parts or time.monotonic() > until:
                break
            part = parts.pop(0)
            self._send(change, part)
            answer = change.answers[part[0]]
            if is_refusal(answer):
                parts += [part[::2], part[1::2]] if len(part) > 1 else []
            elif answer is not None:
                break  # the service is down
        for code in itertools.chain(*parts):
            if refusal := change.answers[code]:
                doubt = "sent with others, of which one may be the reason (run `pulumi up` again)"
                change.answers[code] = refusal.about(doubt)

    def _mend_vanished(self, change: Change, before: OpenList, after: OpenList) -> OpenList:
        """Open again, once, what the program declares and what closed during this run; return the list after that.

        Raises a PlusofonError if something is missing even then: the whole change has failed.
        """
        claimed = self.claims.all()
        was_open = before.keys() | (self.last_seen & claimed)
        vanished = was_open - after.keys() - change.closed
        if strangers := vanished - claimed:
            change.notices.append(f"{self.names(strangers)} closed meanwhile; this run did not ask for it")
        if not (lost := vanished & claimed):
            return after
        change.opens, change.answers = change.opens | lost, {}
        self._send(change, sorted(lost))
        try:
            live = self._look(change, lost)
        except errors.PlusofonError as blind:
            raise blind.about(f"{self.names(lost)} closed during this run, and may not be open again") from None
        if back := lost & live.keys():
            change.notices.append(f"opened {self.names(back)} again: it closed during this run")
        change.closed -= live.keys()
        if missing := ((was_open & claimed) | change.opened) - live.keys():
            self.last_seen -= missing
            change.opened, change.closed = change.opens & live.keys(), change.closes - change.opens - live.keys()
            reasons = [change.answers.get(code) or change.failures.get(code) for code in sorted(missing)]
            why = next(filter(None, reasons), "does PUT replace the list, or did somebody close it?")
            raise errors.DirectionNotChangedError(f"{self.names(missing)} closed during this run: {why}")
        return live
