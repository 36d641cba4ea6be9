"""What both providers share: the account, a line to the user for each fact, and errors that leave in plain words."""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi.dynamic import CheckFailure, ConfigureRequest, ResourceProvider

from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import ConfigurationError, InvalidCallingCodeError, PlusofonError, UnknownDirectionError
from plusofon_pulumi.settings import PROVIDER_KEY, Settings, is_close_only

if TYPE_CHECKING:
    from plusofon_pulumi.account import Account

_Method = TypeVar("_Method", bound=Callable[..., Any])

_accounts: dict[Settings, Account] = {}
_accounts_lock = threading.Lock()


def _account(settings: Settings) -> Account:
    """Return the one Account for these settings: all providers of a process share its snapshot, writer and claims."""
    # Imported here: programs that only declare resources need neither requests nor its start-up time.
    from plusofon_pulumi.account import Account  # noqa: PLC0415

    with _accounts_lock:
        if settings not in _accounts:
            _accounts[settings] = Account(settings)
        return _accounts[settings]


def hide_traceback(method: _Method) -> _Method:
    """Hide the traceback of a PlusofonError that leaves a provider's method.

    A moment later the host prints `traceback.format_exc()` of what left a provider. Only `sys.tracebacklimit`, which
    belongs to the whole process, shortens that: it is 0 until a call begins at least a second after such an error.
    """

    @functools.wraps(method)
    def wrapper(provider: AccountProvider, *args: Any) -> Any:
        if time.monotonic() - AccountProvider.failed_at > 1:
            vars(sys).pop("tracebacklimit", None)
        try:
            return method(provider, *args)
        except PlusofonError as error:
            sys.tracebacklimit, AccountProvider.failed_at = 0, time.monotonic()
            shown = provider.with_its_name(error)
        except Exception:
            vars(sys).pop("tracebacklimit", None)
            raise
        # format_exc would print what it came from, too.
        raise shown from None

    return wrapper  # type: ignore[return-value]  # the wrapper keeps the method's signature


class AccountProvider(ResourceProvider):
    """A provider of resources in one account."""

    # The reference to the class is no secret, and a diff of state stays readable.
    serialize_as_secret_always = False
    failed_at = 0.0

    def __reduce__(self) -> tuple[type[AccountProvider], tuple[()]]:
        return (type(self), ())

    def configure(self, req: ConfigureRequest) -> None:
        """Read the configuration; `check` reports what is wrong with it, as its failures are shown in plain words."""
        self._name = req.config.get(PROVIDER_KEY)
        self._lock = threading.Lock()
        self._shown: set[str] = set()
        self._new: defaultdict[str, set[str]] = defaultdict(set)
        self._settings: Settings | ConfigurationError
        try:
            self._settings = Settings.from_config(req.config.get)
        except ConfigurationError as error:
            self._settings = error

    def account(self) -> Account:
        """Return the account; raise ConfigurationError if the settings name none."""
        if isinstance(self._settings, ConfigurationError):
            raise self._settings
        return _account(self._settings)

    def opening(self, names: str) -> str:
        """Return the plan of an opening, which a run that only closes does not carry out."""
        return f"would open {names} (not in this run)" if is_close_only() else f"will open {names}"

    def show_once(self, line: str) -> None:
        """Show a line to the user, once, although the engine may ask twice."""
        line = f'Provider "{self._name}": {line}' if self._name else line
        with self._lock:
            if line not in self._shown:
                self._shown.add(line)
                self.show(line)

    def show(self, line: str) -> None:
        """Write a line to standard error, which the engine shows among the stack's diagnostics."""
        # One write of one whole line: another package's line may come between two.
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def with_its_name(self, error: PlusofonError) -> PlusofonError:
        """Return an error that names the Provider it is about, if that is not the stack's own."""
        is_plain = not self._name or isinstance(error, ConfigurationError)
        return error if is_plain else error.about(f'Provider "{self._name}"')

    def failed_check(self, name: str, error: PlusofonError) -> CheckFailure:
        """Return a failed check; it names the property, whose value the engine then shows, only if that is wrong."""
        is_about_code = isinstance(error, (InvalidCallingCodeError, UnknownDirectionError))
        return CheckFailure(name if is_about_code else "", str(self.with_its_name(error)))

    def explained(self, value: Any, error: InvalidCallingCodeError) -> InvalidCallingCodeError:
        """Return the error for what is not a calling code; for a name, with the codes that it may mean."""
        with contextlib.suppress(PlusofonError):
            if isinstance(value, str) and any(map(str.isalpha, value)):
                near = self.account().catalogue().nearest(value)
                return error.saying(f"{error}; did you mean {near}?") if near else error
        return error


def recorded_direction(outputs: Any) -> Direction:
    """Return the direction that state recorded; an alias may bring outputs of another shape."""
    found = outputs if isinstance(outputs, dict) else {}
    return Direction(*(str(found.get(key, "")) for key in ("code", "name", "english_name")))
