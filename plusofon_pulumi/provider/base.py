"""What both providers share: the account, one line to the user for each fact, and errors that leave in plain words."""

from __future__ import annotations

import contextlib
import functools
import re
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi.dynamic import CheckFailure, ConfigureRequest, ResourceProvider

from plusofon_pulumi.directions import Direction, normalise_code
from plusofon_pulumi.errors import ConfigurationError, InvalidCallingCodeError, PlusofonError, UnknownDirectionError
from plusofon_pulumi.settings import PROVIDER_KEY, Settings

if TYPE_CHECKING:
    from plusofon_pulumi.account import Account

_Method = TypeVar("_Method", bound=Callable[..., Any])


class _Tracebacks:
    """Show foreseen errors without a traceback, unforeseen ones with it.

    The host prints `traceback.format_exc()` of whatever leaves a provider, and only `sys.tracebacklimit`, which belongs
    to the whole process, shortens that. So it is 0 from when a foreseen error leaves until it has been printed: until
    the same thread enters the next call, or any thread does after a second.
    """

    PRINTED_AFTER = 1.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leaving: dict[int, float] = {}
        self._limit_before: int | None = None

    def enter(self) -> None:
        """Note that a call begins in this thread."""
        with self._lock:
            printed = time.monotonic() - self.PRINTED_AFTER
            me = threading.get_ident()
            leaving = {thread: left for thread, left in self._leaving.items() if thread != me and left > printed}
            if self._leaving and not leaving:
                self._lift()
            self._leaving = leaving

    def leave(self) -> None:
        """Note that a foreseen error leaves this thread."""
        with self._lock:
            if not self._leaving:
                self._limit_before = getattr(sys, "tracebacklimit", None)
            self._leaving[threading.get_ident()] = time.monotonic()
            sys.tracebacklimit = 0

    def restore(self) -> None:
        """Let the next error, an unforeseen one, show its traceback."""
        with self._lock:
            if self._leaving:
                self._lift()
            self._leaving = {}

    def _lift(self) -> None:
        if self._limit_before is None:
            vars(sys).pop("tracebacklimit", None)
        else:
            sys.tracebacklimit = self._limit_before


_tracebacks = _Tracebacks()


def foreseen(method: _Method) -> _Method:
    """Let a PlusofonError leave a provider's method as its text alone, and nothing else so."""

    @functools.wraps(method)
    def wrapper(provider: AccountProvider, *args: Any) -> Any:
        _tracebacks.enter()
        try:
            return method(provider, *args)
        except PlusofonError as error:
            _tracebacks.leave()
            told = provider.with_its_name(error)
        except Exception:
            _tracebacks.restore()
            raise
        # format_exc would print what it came from, too.
        raise told from None

    return wrapper  # type: ignore[return-value]  # the wrapper keeps the method's signature


_accounts: dict[Settings, Account] = {}
_accounts_lock = threading.Lock()


def _account(settings: Settings) -> Account:
    """Return the one Account of an account: all providers of a process share its snapshot, writer and claims."""
    # Imported here, for programs that only declare resources need neither requests nor its start-up time.
    from plusofon_pulumi.account import Account  # noqa: PLC0415

    with _accounts_lock:
        if settings not in _accounts:
            _accounts[settings] = Account(settings)
        return _accounts[settings]


class AccountProvider(ResourceProvider):
    """Share what both kinds of resources need: the account, and one line to the user per fact."""

    # The reference to the class is no secret, and a diff of state stays readable.
    serialize_as_secret_always = False

    def __reduce__(self) -> tuple[type[AccountProvider], tuple[()]]:
        return (type(self), ())

    def configure(self, req: ConfigureRequest) -> None:
        """Take over the stack's configuration; a missing token is told by `check`, where it is shown in plain words."""
        self._name = req.config.get(PROVIDER_KEY)
        self._telling = threading.Lock()
        self._told: set[str] = set()
        self._settings: Settings | ConfigurationError
        try:
            self._settings = Settings.from_config(req.config.get)
        except ConfigurationError as error:
            self._settings = error

    def account(self) -> Account:
        """Return the account; raise ConfigurationError where the settings name none."""
        if isinstance(self._settings, ConfigurationError):
            raise self._settings
        return _account(self._settings)

    def tell(self, notice: str) -> None:
        """Show a line among the stack's diagnostics, once, though the engine may ask twice."""
        notice = f'Provider "{self._name}": {notice}' if self._name else notice
        with self._telling:
            if notice not in self._told:
                self._told.add(notice)
                # One write of one whole line: another package's line may come between two.
                sys.stderr.write(f"{notice}\n")
                sys.stderr.flush()

    def with_its_name(self, error: PlusofonError) -> PlusofonError:
        """Return an error that says which account it is about, where that is not the stack's own."""
        if not self._name or isinstance(error, ConfigurationError):
            return error
        return error.about(f'Provider "{self._name}"')

    def failed_check(self, name: str, error: PlusofonError) -> CheckFailure:
        """Return a failed check; it names the property, whose value the engine then shows, only where that is wrong."""
        is_about_code = isinstance(error, (InvalidCallingCodeError, UnknownDirectionError))
        return CheckFailure(name if is_about_code else "", str(self.with_its_name(error)))

    def code(self, value: Any) -> str:
        """Return the calling code that a program gives; raise InvalidCallingCodeError, with the code of a name."""
        try:
            return normalise_code(value)
        except InvalidCallingCodeError as error:
            hint = ""
            # A hint that cannot be had does not hide what is wrong.
            with contextlib.suppress(PlusofonError):
                hint = self._directions_called(value) if isinstance(value, str) and any(map(str.isalpha, value)) else ""
            if hint:
                raise InvalidCallingCodeError(f"{error}; the catalogue has {hint}") from None
            raise

    def _directions_called(self, name: str) -> str:
        """Return the directions that have a word which begins with a name, if that is not too short, as one text."""
        wanted = name.strip().casefold()
        if len(wanted) < 3:
            return ""
        begins = re.compile(rf"\b{re.escape(wanted)}")
        found = [
            row.code
            for row in self.account().search(wanted)
            if begins.search(row.english_name.casefold()) or begins.search(row.name.casefold())
        ]
        # With all the countries that have the code: who asks for one of them opens it for all.
        named = [str(self.account().describe(code)) for code in dict.fromkeys(found)]
        return ", ".join(named[:5])


def recorded_direction(outputs: Any) -> Direction:
    """Return the direction that state recorded; an alias may bring outputs of another shape."""
    found = outputs if isinstance(outputs, dict) else {}
    return Direction(*(str(found.get(key, "")) for key in ("code", "name", "english_name")))
