"""AllowedDirectionsProvider: keeps exactly the declared calling codes open, and all others closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pulumi.output import Unknown

from plusofon_pulumi.directions import Direction, by_code, normalise_code
from plusofon_pulumi.errors import ConfigurationError, InvalidCallingCodeError, PlusofonError, UnknownDirectionError
from plusofon_pulumi.identity import DIRECTIONS_ID as ID
from plusofon_pulumi.provider.base import AccountProvider, hide_traceback, recorded_direction

if TYPE_CHECKING:
    from plusofon_pulumi.account import Account, OpenList

Properties = dict[str, Any]
Places = dict[str, int]

ON_DESTROY = ("retain", "close")
# How many of many wrong codes are shown.
MOST_FAILURES = 10
SINCE = "since the last successful update"
MISSING = "it is missing: give the list of codes that are open; an empty list closes everything"
NO_LIST = 'it is not a list: give the codes as in ["7", "36"]'
NOT_KNOWN = "not all codes are known yet: pulumi up shows what closes and what opens"


class AllowedDirectionsProvider(AccountProvider):
    """Own the whole list of open directions."""

    _recorded_before: dict[str, Direction] | None = None
    _is_program_known = False

    @hide_traceback
    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Refuse, before any write, what cannot work; return the codes as sorted digits, each once."""
        self._is_program_known = True
        codes, on_destroy = news.get("codes"), news.get("on_destroy", ON_DESTROY[0])
        failures: list[CheckFailure] = []
        if not isinstance(on_destroy, Unknown) and on_destroy not in ON_DESTROY:
            failures.append(CheckFailure("on_destroy", 'it is "retain" (leave the directions open) or "close"'))
        try:
            codes = self._checked(self.account(), codes, olds, failures)
        except PlusofonError as error:
            failures.append(self.failed_check("", error))
        if (rest := len(failures) - MOST_FAILURES) > 0:
            failures[MOST_FAILURES:] = [CheckFailure("", f"{rest} more codes cannot work")]
        return CheckResult({"codes": codes, "on_destroy": on_destroy}, failures)

    def _checked(self, account: Account, given: Any, olds: Properties, failures: list[CheckFailure]) -> Any:
        """Return the codes of a list, sorted and each once; add a failure for each that cannot work."""
        listed = given if isinstance(given, list) else []
        places: Places = {}
        odd: dict[int, InvalidCallingCodeError] = {}
        for index, value in enumerate(listed):
            try:
                if not isinstance(value, Unknown):
                    places.setdefault(normalise_code(value), index)
            except InvalidCallingCodeError as error:
                odd[index] = error
        # Claimed before anything else can fail: what is declared is not closed because something else went wrong.
        refusal = account.claims.claim_list(places, is_known=_is_known(given) and not odd)
        failures += [self._failed_element(index, self.explained(given[index], why)) for index, why in odd.items()]
        if not isinstance(given, list) and not isinstance(given, Unknown):
            failures.append(CheckFailure("codes", MISSING if given is None else NO_LIST))
        try:
            if refusal:
                raise refusal
            if not failures:
                self._ask(account, places, given, olds, failures)
        except PlusofonError as error:
            failures.append(self.failed_check("", error))
        account.claims.mark(places if failures else places.keys() & _old_codes(olds), succeeded=not failures)
        if failures or isinstance(given, Unknown):
            return given
        return sorted(places) + [each for each in listed if isinstance(each, Unknown)]

    def _ask(self, account: Account, places: Places, given: Any, olds: Any, failures: list[CheckFailure]) -> None:
        """Ask what can be known before a write: that new codes exist, and that the list can be read."""
        for code in sorted(places.keys() - _old_codes(olds), key=places.__getitem__):
            try:
                account.catalogue().find_one(code)
            except UnknownDirectionError as error:
                failures.append(self._failed_element(places[code], error))
        # `diff` reads the same snapshot next. Before a creation the engine asks nothing but `check`.
        live = account.open_directions() if olds else account.planning_list()
        if not _is_known(given):
            self.show_once(NOT_KNOWN)
        elif not olds and not failures and live is not None:
            self._show_plan(places.keys(), live, None)

    def _failed_element(self, index: int, error: PlusofonError) -> CheckFailure:
        # Without the property's name: the engine would show the element as `<nil>`.
        return self.failed_check("", error.about(f"codes[{index}]"))

    @hide_traceback
    def diff(self, id_: str, olds: Properties, news: Properties) -> DiffResult:
        """Compare with the live list, and show each code that an update will close or open."""
        codes: Any = news.get("codes")
        if not _is_known(codes):
            self.show_once(NOT_KNOWN)
            return DiffResult(changes=True)
        live = self.account().open_directions()
        recorded = _recorded_by_code(olds)
        # A refresh asks with the old inputs, which say nothing of what the program will do.
        if self._is_program_known:
            # After a refresh in the same process, only `read` has seen what state recorded before.
            self._show_plan(set(codes), live, recorded if self._recorded_before is None else self._recorded_before)
        is_recorded = set(codes) == recorded.keys() and news.get("on_destroy") == olds.get("on_destroy")
        return DiffResult(changes=not is_recorded or set(codes) != live.keys())

    @hide_traceback
    def create(self, props: Properties) -> CreateResult:
        """Make the live list equal; what is open already and declared is taken over as it is."""
        return CreateResult(ID, self._make(props, {}))

    @hide_traceback
    def read(self, id_: str, props: Properties) -> ReadResult:
        """Read what is open, as outputs and as inputs, so that drift shows as a difference; an empty list is a list."""
        live = self.account().open_directions()
        recorded = self._recorded_before = _recorded_by_code(props)
        on_destroy = props.get("on_destroy", ON_DESTROY[0])
        outputs = _outputs((recorded.get(code, live[code]) for code in sorted(live)), on_destroy)
        return ReadResult(ID, outputs, {"codes": list(outputs["codes"]), "on_destroy": on_destroy})

    @hide_traceback
    def update(self, id_: str, olds: Properties, news: Properties) -> UpdateResult:
        """Make the live list equal."""
        return UpdateResult(self._make(news, olds))

    @hide_traceback
    def delete(self, id_: str, props: Properties) -> None:
        """Leave everything open (``retain``), or close what was last recorded and is not declared (``close``)."""
        recorded = _recorded_by_code(props)
        closes = props.get("on_destroy") == "close"
        try:
            account = self.account()
        except ConfigurationError as error:
            if closes:
                raise
            self.show_once(f"what is left open is not known: {error}")
            return
        if closes:
            account.close(recorded.keys(), self.show_once)
        if line := account.leave(recorded.keys()):
            self.show_once(line)

    def _show_plan(self, codes: AbstractSet[str], live: OpenList, recorded: Mapping[str, Direction] | None) -> None:
        """Show each code that will close or open; ``recorded`` is what state recorded, None before a creation."""
        known = set(recorded or ())
        closing, opening = live.keys() - codes, codes - live.keys()
        strangers = set() if recorded is None else closing - known
        self._show_change("close", strangers, "opened", SINCE)
        self._show_change("close", closing - strangers, "open", "and not declared")
        self._show_change("open", opening & known, "closed", SINCE)
        self._show_change("open", opening - known)

    def _show_change(self, what: str, codes: AbstractSet[str], state: str = "", why: str = "") -> None:
        if codes:
            names = self.account().describe_all(codes)
            line = self.opening(names) if what == "open" else f"will {what} {names}"
            one, many = ("it is", "they are") if state == "open" else ("it was", "they were")
            self.show_once(f"{line}: {one if len(codes) == 1 else many} {state} {why}" if state else line)

    def _make(self, news: Properties, olds: Properties) -> Properties:
        account, codes = self.account(), sorted(news["codes"])
        account.make_exactly(frozenset(codes), self.show_once)
        recorded = _recorded_by_code(olds)
        return _outputs((recorded.get(code) or account.describe(code) for code in codes), news["on_destroy"])


def _old_codes(olds: Mapping[str, Any]) -> set[str]:
    """Return the codes that the catalogue had when they were first checked."""
    codes: Any = olds.get("codes")
    return set(codes) if _is_known(codes) else set()


def _is_known(codes: Any) -> bool:
    return isinstance(codes, list) and not any(isinstance(code, Unknown) for code in codes)


def _recorded_by_code(outputs: Mapping[str, Any]) -> dict[str, Direction]:
    """Return the directions that state recorded, by code; an alias may bring outputs of another shape."""
    directions = outputs.get("directions")
    return by_code(map(recorded_direction, directions)) if isinstance(directions, list) else {}


def _outputs(directions: Iterable[Direction], on_destroy: str) -> Properties:
    listed = list(directions)
    return {
        "codes": [direction.code for direction in listed],
        "directions": [direction.as_outputs() for direction in listed],
        "on_destroy": on_destroy,
    }
