"""Delivery: send a change, look at the live list, mend what a second try may mend, and judge by what is seen.

What a write answers decides nothing; the list of open directions that is read after it does.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from plusofon_pulumi import errors
from plusofon_pulumi.account.change import Change, OpenList, Write, is_refusal
from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.snapshot import Snapshot
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Catalogue

# A write may show in the list up to 2 s later: the pauses between looks, in seconds, reach past that.
LOOK_PAUSES = (0.25, 0.5, 1.0, 1.5)
# How often a refused batch is sent again in parts, and for how long, in seconds: enough for two bad codes among all.
MOST_PARTS, LONGEST_SEARCH = 32, 60.0


@dataclass
class Delivery:
    """Carry out changes of one account, one at a time: the Writer sees to that."""

    client: PlusofonClient
    live: Snapshot[OpenList]
    catalogue: Snapshot[Catalogue]
    claims: Claims
    names: Callable[[Collection[str]], str]
    close_only: bool
    has_written: bool = False
    # What was open after the last batch: what closes between two batches has vanished, too.
    last_seen: frozenset[str] = frozenset()

    def deliver(self, change: Change) -> None:
        """Open and close single codes; what else the program declares must still be open afterwards."""
        # A deletion that would leave nobody in state who owns the code fails, whatever is open now.
        self._claimed(change, change.closes - change.opens)
        with self.live.lock:
            try:
                before = self.live.get()
                closing = (change.closes - change.opens) & before.keys()
                after = self._write(change, before, closing=closing, opening=change.opens - before.keys())
                if after is not None:
                    self.last_seen = frozenset(self._mend_vanished(change, before, after))
            except errors.PlusofonError as error:
                change.fail(change.opens | change.closes, error)

    def deliver_exactly(self, change: Change) -> None:
        """Make the open list equal to ``change.opens``; a second round mends what somebody changed meanwhile.

        Raises a PlusofonError if the list cannot be read before anything is written.
        """
        with self.live.lock:
            live = self.live.get()
            for _ in range(2):
                after = self._carry_out_round(change, live)
                if after is None:
                    return
                live = after
            self._compare(change, live)

    def _carry_out_round(self, change: Change, before: OpenList) -> OpenList | None:
        """Close, see it closed, then open; return the list after that, or None if there is nothing to compare."""
        change.opened &= before.keys()
        change.closed -= before.keys()
        closing = before.keys() - change.opens
        still_declared = closing & self.claims.all()
        live = before if still_declared else self._write(change, before, closing=closing)
        listed = "add it to the codes of the AllowedDirections, or remove that resource"
        claimed = errors.DirectionClaimedError(f"another resource of this program declares the code: {listed}")
        change.fail(still_declared | change.kept, claimed)
        if live is None or change.failures.keys() - change.opens:
            why = f"nothing is opened while others may be open that must not be: {self.names(change.failures)}"
            change.fail(change.opens - before.keys(), errors.DirectionNotChangedError(why))
            return None
        return self._write(change, live, opening=change.opens - live.keys() - change.failures.keys())

    def _compare(self, change: Change, live: OpenList) -> None:
        """Note an error for each code that is not as declared in a whole list."""
        change.closed -= live.keys()
        change.opened &= live.keys()
        by = "meanwhile, by somebody or by Plusofon. Run `pulumi up` again."
        change.fail(live.keys() - change.opens, errors.DirectionNotChangedError(f"it was opened {by}"))
        replaces = f"it was closed {by} Or does PUT replace the list?"
        change.fail(change.opens - live.keys(), errors.DirectionNotChangedError(replaces))

    def _write(
        self, change: Change, before: OpenList, *, closing: Collection[str] = (), opening: Collection[str] = ()
    ) -> OpenList | None:
        """Send what is to be sent and verify it; return the list as it is then, or None if it cannot be read."""
        closings, openings = Write(opens=False, before=before), Write(opens=True, before=before)
        self._send(change, closings, sorted(closing))
        self._send(change, openings, self._openable(change, sorted(opening)))
        writes = [write for write in (closings, openings) if write.answers]
        after, blind = before, None
        try:
            after = self._verify(change, writes) if writes else before
        except errors.PlusofonError as error:
            blind = error
        for write in writes:
            self._judge(change, write, after, blind)
        return None if blind else after

    def _judge(self, change: Change, write: Write, after: OpenList, blind: errors.PlusofonError | None) -> None:
        """Note which codes are as wanted, by the list after a write or, if that cannot be read, by the answers.

        An opening that was answered with success then counts: its state must have an owner, or nobody would ever close
        the code; the next preview reads the list again. A closing does not count: its resource stays in state.
        """
        done = write.answers.keys() - set(write.left(after))
        if blind:
            done = {code for code, answer in write.answers.items() if write.opens and answer is None}
            change.unseen |= write.answers.keys() - done
        if blind and done:
            why = f"but its list could not be read, and nothing was compared: {blind}"
            change.notices.append(f"Plusofon answered that {self.names(done)} opened, {why}")
        if not blind:
            (change.opened if write.opens else change.closed).update(done)
        for code in write.answers.keys() - done - change.kept:
            change.fail([code], write.answers[code] or blind or write.unchanged())

    def _openable(self, change: Change, codes: Sequence[str]) -> list[str]:
        """Return the codes that can be opened; note an error for the others."""
        try:
            if codes and self.close_only:
                raise errors.CloseOnlyError("this run only closes; a person must run `pulumi up`")
            catalogue = self.catalogue.get() if codes else {}
        except errors.PlusofonError as error:
            change.fail(codes, error)
            return []
        gone = errors.UnknownDirectionError("Plusofon's catalogue does not have it any more")
        change.fail([code for code in codes if code not in catalogue], gone)
        return [code for code in codes if code in catalogue]

    def _send(self, change: Change, write: Write, codes: Sequence[str], *, swapped: bool = False) -> None:
        """Send codes once, but close nothing that the program declares by now; ``swapped``: in the other type."""
        if not write.opens:
            change.kept |= self._claimed(change, codes)
            codes = [code for code in codes if code not in change.kept]
        if not codes:
            return
        self.has_written = True
        self.live.invalidate()
        answer: errors.PlusofonError | None = None
        try:
            if write.opens:
                catalogue = self.catalogue.get()
                self.client.allow_directions([id_ for code in codes for id_ in catalogue.ids(code)])
            else:
                own = {code: write.before[code].api_code for code in codes}
                other = {code: int(code) if isinstance(own[code], str) else code for code in codes}
                self.client.deny_directions((other if swapped else own).values())
        except errors.PlusofonError as error:
            answer = error
        if not (swapped and is_refusal(answer)):
            write.answers.update(dict.fromkeys(codes, answer))

    def _claimed(self, change: Change, codes: Collection[str]) -> frozenset[str]:
        """Return the codes that the program declares; fail the ones whose new owner could not be made."""
        claimed = self.claims.all() & set(codes)
        for code in claimed:
            if refusal := self.claims.refusal(code):
                change.fail([code], refusal)
        return claimed

    def _verify(self, change: Change, writes: Sequence[Write]) -> OpenList:
        """Verify writes by the list, retry what a retry may fix, and return the last list."""
        after = self._look([write for write in writes if not write.is_refused])
        is_over = True
        for write in writes:
            left = write.left(after)
            if left and not write.opens and (write.is_refused or not any(write.answers.values())):
                # The description shows codes as texts and as numbers, and DELETE may compare them as such.
                self._send(change, write, left, swapped=True)
                is_over = False
            if left and write.is_refused:
                is_over = False
                if len(write.answers) > 1:
                    self._send_in_halves(change, write, left, _limited())
        return after if is_over else self._look(writes)

    def _look(self, writes: Sequence[Write]) -> OpenList:
        """Return the list as it is now, after waiting for what may still show up in it."""
        for pause in (*LOOK_PAUSES, None):
            self.live.invalidate()
            live = self.live.get()
            if pause is None or not any(write.left(live) for write in writes):
                break
            time.sleep(pause)
        return live

    def _send_in_halves(self, change: Change, write: Write, codes: Sequence[str], sends: Iterator[int]) -> None:
        """Send refused codes again in halves, and refused halves likewise, while there are ``sends``."""
        middle = (len(codes) + 1) // 2
        for half in filter(None, (codes[:middle], codes[middle:])):
            if next(sends, None) is None:
                refusal = write.answers[half[0]] or write.unchanged()
                doubt = refusal.about("sent with others, of which one may be the reason (run `pulumi up` again)")
                write.answers.update(dict.fromkeys(half, doubt))
                continue
            self._send(change, write, half)
            answer = write.answers[half[0]]
            if is_refusal(answer) and len(half) > 1:
                self._send_in_halves(change, write, half, sends)
            elif answer is not None and not is_refusal(answer):
                list(sends)  # the service is down: nothing more is sent

    def _mend_vanished(self, change: Change, before: OpenList, after: OpenList) -> OpenList:
        """Open again, once, what the program declares and what closed during the write; return the list after that.

        Raises a PlusofonError if something is missing even then: the whole change has failed.
        """
        claimed = self.claims.all()
        was_open = before.keys() | (self.last_seen & claimed)
        vanished = was_open - after.keys() - change.closed
        if strangers := vanished - claimed:
            change.notices.append(f"{self.names(strangers)} closed meanwhile; this run did not ask for it")
        lost = vanished & claimed
        if not lost:
            return after
        mend = Write(opens=True, before=before)
        self._send(change, mend, self._openable(change, sorted(lost)))
        try:
            live = self._look([mend])
        except errors.PlusofonError as blind:
            raise blind.about(f"{self.names(lost)} closed during the write, and may not be open again") from None
        if back := lost & live.keys():
            change.notices.append(f"opened {self.names(back)} again: it closed during the write")
        missing, again = ((was_open & claimed) | change.opened) - live.keys(), change.closed & live.keys()
        change.closed -= live.keys()
        if missing or again:
            change.opened = change.opens & live.keys()
        if missing:
            reasons = [change.failures.get(code) or mend.answers.get(code) for code in sorted(missing & lost)]
            why = next(filter(None, reasons), "does PUT replace the list, or did somebody close it?")
            raise errors.DirectionNotChangedError(f"{self._vanished(missing, was_open)}: {why}")
        if again:
            raise errors.DirectionNotChangedError(f"{self.names(again)} was opened by somebody during the write")
        return live

    def _vanished(self, missing: set[str], was_open: set[str]) -> str:
        """Name what is missing: first what was open before the write, else what the write itself had opened."""
        if not missing & was_open:
            return f"{self.names(missing)} had opened and closed again"
        was, were = "was open before this write and is not any more", "were open before this write and are not any more"
        return f"{self.names(missing & was_open)} {was if len(missing & was_open) == 1 else were}"


def _limited() -> Iterator[int]:
    """Yield once for each part of a refused batch that may be sent again."""
    until = time.monotonic() + LONGEST_SEARCH
    yield from itertools.takewhile(lambda _: time.monotonic() <= until, range(MOST_PARTS))
