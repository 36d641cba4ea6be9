"""Stop on a signal in good order: whatever was begun is undone first."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

# What a person at the keyboard, a machine that shuts down and a terminal that closes send.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asks us to stop. It passes every handler of ordinary errors."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class _Stop:
    """The first signal raises `Stopped`, at once or when it is no longer held up; all later ones do nothing."""

    def __init__(self) -> None:
        self.over = False
        self.held = False
        self.pending: int | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if not self.over:
            self.over = True
            self.pending = number
            self.raise_if_due()

    def raise_if_due(self) -> None:
        if self.pending is not None and not self.held:
            number, self.pending = self.pending, None
            raise Stopped(number)


_stop = _Stop()


def stop_on_signals() -> None:
    """Let the first signal to come raise `Stopped`; one that is ignored by whoever started us (`nohup`) stays so."""
    for each in SIGNALS:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, _stop)


def no_more_stopping() -> None:
    """Let no signal raise `Stopped` from here on."""
    _stop.over = True


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Hold `Stopped` up for a short while in which something is begun or undone, so that neither is half done.

    Starting a process is such a thing: were the exception to leave `Popen`, nobody would know the process to end it.
    """
    before, _stop.held = _stop.held, True
    try:
        yield
    finally:
        _stop.held = before
        _stop.raise_if_due()
