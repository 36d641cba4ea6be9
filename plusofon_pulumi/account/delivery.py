"""Delivery: send a change, look at the live list, mend what a second try may mend, and judge by what is seen.

What a write answers decides nothing; the list of open directions that is read after it does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plusofon_pulumi.account.claims import Claims
from plusofon_pulumi.account.snapshot import Snapshot
from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Catalogue, Direction, describe_all
from plusofon_pulumi.errors import (
    BadRequestError,
    CloseOnlyError,
    DirectionClaimedError,
    DirectionNotChangedError,
    NotFoundError,
    PlusofonError,
    UnexpectedResponseError,
    UnknownDirectionError,
)

OpenList = Mapping[str, Direction]

# A write may show in the list up to 2 s later: the pauses between looks, in seconds, reach past that.
LOOK_PAUSES = (0.25, 0.5, 1.0, 1.5)
# How often a refused batch is sent again in parts, and for how long, in seconds: enough for two bad codes among all.
MOST_PARTS, LONGEST_SEARCH = 32, 60.0

_PROXY_HINT = "Something on the way, such as a proxy, may drop the content of requests."
_HOME_HINT = (
    "If it is the account's home direction, Plusofon keeps it open: declare it, or set `retain_on_delete=True` on its "
    "resource and run `pulumi up` before you remove it. Otherwise something on the way, such as a proxy, may drop the "
    "content of requests."
)


@dataclass(eq=False)
class Change:
    """Codes to open and to close, for one caller or for several, and what came of it, by code."""

    opens: set[str] = field(default_factory=set)
    closes: set[str] = field(default_factory=set)
    is_exact: bool = False
    """Close whatever is open and not in ``opens``, and see it closed, before anything is opened."""
    callers: int = 0
    is_done: bool = False
    bug: Exception | None = None

    opened: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    """Codes that were to be closed and stay open, because the program declares them."""
    failures: dict[str, PlusofonError] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    """Failed codes of which nobody could see whether they are open."""
    notices: list[str] = field(default_factory=list)

    def fail(self, codes: Iterable[str], error: PlusofonError) -> None:
        """Note the error of codes that are not as wanted; the first one of a code counts."""
        for code in codes:
            self.failures.setdefault(code, error)


@dataclass(eq=False)
class _Write:
    """One kind of write within a change, and how each code was last answered: None is a success."""

    opens: bool
    codes: Sequence[str]
    send: Callable[[Sequence[str], bool], None]
    answers: dict[str, PlusofonError | None] = field(default_factory=dict)

    def left(self, live: Collection[str]) -> list[str]:
        """Return the codes that were sent and that the list does not show as wanted."""
        return [code for code in self.answers if (code in live) is not self.opens]

    @property
    def is_refused(self) -> bool:
        """Return True if an answer may be about one of the codes alone; then the others must not fail with it."""
        return any(map(_is_refusal, self.answers.values()))

    def failure(self, code: str) -> PlusofonError:
        """Return the error for a code that is not as wanted."""
        call, hint = ("PUT", _PROXY_HINT) if self.opens else ("DELETE", _HOME_HINT)
        return self.answers[code] or DirectionNotChangedError(
            f"{call} was answered with success, but the list of open directions has not changed. {hint}"
        )


class Delivery:
    """Carry out changes of one account, one at a time: the Writer sees to that."""

    def __init__(
        self,
        client: PlusofonClient,
        live: Snapshot[OpenList],
        catalogue: Snapshot[Catalogue],
        claims: Claims,
        *,
        close_only: bool,
    ) -> None:
        self._client = client
        self._live = live
        self._catalogue = catalogue
        self._claims = claims
        self._close_only = close_only
        self.has_written = False

    def deliver(self, change: Change) -> None:
        """Open and close single codes; what else the program declares must be open afterwards as before."""
        self._keep(change, change.closes & self._claims.all())
        wanted = change.opens | (change.closes - change.kept)
        if not wanted:
            return
        with self._live.lock:
            try:
                before = self._live.get()
            except PlusofonError as error:
                change.fail(wanted, error)
                return
            closing = sorted((change.closes - change.kept - change.opens) & before.keys())
            opening = self._openable(change, sorted(change.opens - before.keys()))
            after = self._write(change, before, closing=closing, opening=opening)
            if after is not None:
                self._mend_vanished(change, before, after)

    def deliver_exactly(self, change: Change) -> None:
        """Make the open list equal to ``change.opens``; a second round mends what somebody changed meanwhile.

        Raises a PlusofonError if the list cannot be read before anything is written.
        """
        with self._live.lock:
            for _ in range(2):
                if not self._carry_out_round(change):
                    return
            live = self._live.get().keys()
            meanwhile = "meanwhile, and again, by somebody or by Plusofon. Run `pulumi up` again."
            change.fail(sorted(live - change.opens), DirectionNotChangedError(f"it was opened {meanwhile}"))
            replaced = "Or does PUT replace the list?"
            change.fail(sorted(change.opens - live), DirectionNotChangedError(f"it was closed {meanwhile} {replaced}"))

    def _carry_out_round(self, change: Change) -> bool:
        """Close, see it closed, then open; return True if the list was changed and has to be compared once more."""
        before = self._live.get()
        closing, opening = sorted(before.keys() - change.opens), sorted(change.opens - before.keys())
        if claimed := self._claims.all() & set(closing):
            change.fail(sorted(claimed), _not_listed())
            return False
        self._write(change, before, closing=closing)
        if change.failures:
            names = self._names(change.failures)
            change.fail(opening, DirectionNotChangedError(f"nothing is opened until {names} is seen to be closed"))
            return False
        opening = self._openable(change, opening)
        is_seen = self._write(change, before, opening=opening) is not None
        return is_seen and bool(closing or opening) and not change.failures

    def _openable(self, change: Change, codes: Sequence[str]) -> list[str]:
        """Return the codes that can be opened; note an error for the others."""
        if codes and self._close_only:
            change.fail(codes, CloseOnlyError("this run only closes; a person must run `pulumi up`"))
            return []
        try:
            catalogue = self._catalogue.get() if codes else {}
        except PlusofonError as error:
            change.fail(codes, error)
            return []
        unknown = [code for code in codes if code not in catalogue]
        change.fail(unknown, UnknownDirectionError("Plusofon's catalogue does not have it any more"))
        return [code for code in codes if code in catalogue]

    def _write(
        self, change: Change, before: OpenList, *, closing: Sequence[str] = (), opening: Sequence[str] = ()
    ) -> OpenList | None:
        """Send what is to be sent and verify it; return the list as it is then, or None if it cannot be read."""
        writes = []
        if closing:
            writes.append(_Write(opens=False, codes=closing, send=self._deny(before)))
        if opening:
            writes.append(_Write(opens=True, codes=opening, send=self._allow))
        for write in writes:
            self._send(change, write, write.codes)
        if not any(write.answers for write in writes):
            return before
        try:
            after = self._insist(change, writes)
        except PlusofonError as blind:
            self._judge_unseen(change, writes, blind)
            return None
        for write in writes:
            left = set(write.left(after)) - change.kept
            for code in sorted(left):
                change.fail([code], write.failure(code))
            (change.opened if write.opens else change.closed).update(write.answers.keys() - left - change.kept)
        return after

    def _send(
        self, change: Change, write: _Write, codes: Sequence[str], *, swapped: bool = False
    ) -> PlusofonError | None:
        """Send codes once, but no closing of what the program declares by now; return the error in the answer."""
        if not write.opens:
            self._keep(change, self._claims.all() & set(codes))
            codes = [code for code in codes if code not in change.kept]
        if not codes:
            return None
        self.has_written = True
        self._live.invalidate()
        answer: PlusofonError | None = None
        try:
            write.send(codes, swapped)
        except PlusofonError as error:
            answer = error
        write.answers.update(dict.fromkeys(codes, answer))
        return answer

    def _insist(self, change: Change, writes: Sequence[_Write]) -> OpenList:
        """Look what came of the writes, and send once more what that may help; return the last list."""
        after = self._look([write for write in writes if not write.is_refused])
        is_sent_again = False
        for write in writes:
            left = write.left(after)
            if not left:
                continue
            if write.is_refused:
                is_sent_again = True
                if len(write.answers) > 1:
                    self._send_in_parts(change, write, left)
            elif not write.opens and not any(write.answers.values()):
                # The description shows codes as texts and as numbers, and DELETE may compare them as such.
                is_sent_again = True
                self._send(change, write, left, swapped=True)
        return self._look(writes) if is_sent_again else after

    def _look(self, writes: Sequence[_Write]) -> OpenList:
        """Return the list as it is now, after waiting for what may still show up in it."""
        for pause in LOOK_PAUSES:
            self._live.invalidate()
            live = self._live.get()
            if not any(write.left(live) for write in writes):
                return live
            time.sleep(pause)
        self._live.invalidate()
        return self._live.get()

    def _send_in_parts(self, change: Change, write: _Write, left: Sequence[str]) -> None:
        """Send what is left of a refused batch again in halves, and refused halves likewise, to find a bad code."""
        first = next(filter(None, write.answers.values()))
        parts, until = _halves(left), time.monotonic() + LONGEST_SEARCH
        for _ in range(MOST_PARTS):
            if not parts or time.monotonic() > until:
                break
            part = parts.pop(0)
            answer = self._send(change, write, part)
            if _is_refusal(answer):
                parts += _halves(part) if len(part) > 1 else []
            elif answer is not None:
                break
        untried = [code for part in parts for code in part]
        doubt = first.about("sent with others, of which one may be the reason (run `pulumi up` again)")
        write.answers.update(dict.fromkeys(untried, doubt))

    def _allow(self, codes: Sequence[str], _: bool) -> None:
        catalogue = self._catalogue.get()
        self._client.allow_directions([id_ for code in codes for id_ in catalogue.ids(code)])

    def _deny(self, before: OpenList) -> Callable[[Sequence[str], bool], None]:
        def send(codes: Sequence[str], swapped: bool) -> None:
            own = [before[code].api_code for code in codes]
            other = [int(code) if isinstance(before[code].api_code, str) else code for code in codes]
            try:
                self._client.deny_directions(other if swapped else own)
            except PlusofonError as error:
                if not _is_refusal(error):
                    raise
                # "Not open" may be said of a code in the wrong type.
                try:
                    self._client.deny_directions(own if swapped else other)
                except PlusofonError:
                    raise error from None

        return send

    def _mend_vanished(self, change: Change, before: OpenList, after: OpenList) -> None:
        """Open again, once, what the program declares and what closed during the write; then compare everything."""
        claimed = self._claims.all()
        vanished = before.keys() - after.keys() - change.closed
        if strangers := vanished - claimed:
            change.notices.append(f"{self._names(strangers)} closed meanwhile, and not by this run")
        lost = sorted(vanished & claimed)
        if not lost:
            return
        mend = _Write(opens=True, codes=lost, send=self._allow)
        if not self._close_only:
            self._send(change, mend, lost)
        try:
            after = self._look([mend])
        except PlusofonError as blind:
            change.fail(change.opens | change.closes, self._vanished(lost).about(str(blind)))
            return
        missing = ((before.keys() & claimed) | change.opened) - after.keys()
        reopened = change.closed & after.keys()
        if missing or reopened:
            change.fail(change.opens | change.closes, self._vanished(missing or reopened))
        else:
            change.notices.append(f"opened {self._names(lost)} again: somebody closed it during the write")

    def _vanished(self, codes: Collection[str]) -> DirectionNotChangedError:
        return DirectionNotChangedError(
            f"{self._names(codes)} was open before this write and is not any more: does PUT replace the list, or did "
            "somebody close it? Run `pulumi up` again."
        )

    def _judge_unseen(self, change: Change, writes: Sequence[_Write], blind: PlusofonError) -> None:
        """Judge writes after which the list could not be read.

        An opening that was answered with success counts: its state must have an owner, or nobody would ever close the
        code; the next preview reads the list again. A closing does not count: its resource stays in state.
        """
        for write in writes:
            believed = {code for code, answer in write.answers.items() if write.opens and answer is None}
            change.opened |= believed
            if believed:
                names = self._names(believed)
                change.notices.append(f"Plusofon answered that {names} opened, but its list could not be read: {blind}")
            for code in write.answers.keys() - believed - change.kept:
                change.fail([code], write.answers[code] or blind)
                change.unseen.add(code)

    def _keep(self, change: Change, codes: Collection[str]) -> None:
        """Note codes that are not closed because the program declares them."""
        change.kept |= set(codes)
        for code in sorted(codes):
            refusal = _not_listed() if change.is_exact else self._claims.refusal(code)
            if refusal is not None:
                change.fail([code], refusal)

    def _names(self, codes: Collection[str]) -> str:
        known = {**(self._live.peek() or {}), **(self._catalogue.peek() or {})}
        return describe_all(known.get(code, Direction(code, "", "")) for code in codes)


def _is_refusal(error: PlusofonError | None) -> bool:
    """Return True if an answer may be about the codes: a wrong parameter, or a "no" in the API's own words."""
    is_no = isinstance(error, UnexpectedResponseError) and bool(error.message)
    return is_no or isinstance(error, (BadRequestError, NotFoundError))


def _not_listed() -> DirectionClaimedError:
    return DirectionClaimedError(
        "an AllowedDirection of this program declares the code: add it to the codes of the AllowedDirections, or "
        "remove that resource"
    )


def _halves(codes: Sequence[str]) -> list[Sequence[str]]:
    """Return the halves of codes; of one code, that one."""
    middle = len(codes) // 2
    return [half for half in (codes[:middle], codes[middle:]) if half]
