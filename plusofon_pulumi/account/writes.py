"""Writes: what is sent to open or close codes, and what is made of the answers.

A code can be written in more than one form, as text or as number; an answer may be about one of many codes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import (
    APIError,
    BadRequestError,
    DirectionNotChangedError,
    NotFoundError,
    PlusofonError,
    UnexpectedResponseError,
)

OpenList = Mapping[str, Direction]


@dataclass(frozen=True, slots=True)
class Write:
    """Describe one kind of write: whether it opens, how to send it, and in how many forms the codes can be written."""

    opens: bool
    call: str
    send: Callable[[Sequence[str], int], None]
    forms: int = 1

    def left(self, codes: Sequence[str], live: OpenList) -> list[str]:
        """Return the codes that the list does not show as wanted."""
        return [code for code in codes if (code in live) is not self.opens]

    def sent(self, codes: Sequence[str], form: int = 0) -> Sent:
        """Send codes in one form."""
        try:
            self.send(codes, form)
        except PlusofonError as error:
            refusals = {form: error} if isinstance(error, APIError) and _is_refusal(error) else {}
            return Sent(self, codes, error, refusals)
        return Sent(self, codes)


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold codes that were sent, and the answer.

    ``error``: None where it was a success. ``refusals``: by form, the answers that took one of the codes as wrong.
    """

    write: Write
    codes: Sequence[str]
    error: PlusofonError | None = None
    refusals: Mapping[int, APIError] = field(default_factory=dict)

    def then(self, again: Sent) -> Sent:
        """Return what came of sending the same codes in two forms: where one was a success, that counts."""
        return replace(self, error=self.error and again.error, refusals={**self.refusals, **again.refusals})

    def awaited(self, live: OpenList) -> bool:
        """Tell whether something is not in the list yet that may still show up there.

        Also after a refusal: an attempt before it, whose answer was lost, may be why it says "already".
        """
        return bool(self.write.left(self.codes, live))

    def may_be_about_one(self) -> bool:
        """Tell whether the refusal may be about one code alone; then the others must not fail with it."""
        return bool(self.refusals) and (self.error is None or self.error in self.refusals.values())

    def failure(self, *, was_alone: bool = True) -> PlusofonError:
        """Return the error for a code that is not as wanted."""
        error = self.error or self._not_changed()
        if was_alone:
            return error
        return error.about("sent with others, of which one may be the reason (run `pulumi up` again)")

    def _not_changed(self) -> DirectionNotChangedError:
        hint = "Something on the way, such as a proxy, may drop the content of requests."
        if not self.write.opens:
            hint = (
                "If it is the account's home direction, Plusofon keeps it open: declare it, or set "
                "`retain_on_delete=True` on its resource and run `pulumi up` before you remove it. Otherwise something "
                "on the way, such as a proxy, may drop the content of requests."
            )
        for refusal in self.refusals.values():
            words = f", «{refusal.message}»" if refusal.message else ""
            hint += f" Written in another form, it was refused ({refusal.status_code}{words})."
        return DirectionNotChangedError(
            f"{self.write.call} was answered with success, but the list of open directions has not changed. {hint}"
        )


def _is_refusal(error: APIError) -> bool:
    """Tell whether an answer may be about the codes: a wrong parameter, or a "no" in the API's own words."""
    is_no = isinstance(error, UnexpectedResponseError) and bool(error.message)
    return is_no or isinstance(error, (BadRequestError, NotFoundError))
