"""AllowedDirectionsProvider: keeps exactly the declared calling codes open, and all others closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    UpdateResult,
)
from pulumi.output import Unknown

from plusofon_pulumi.directions import Direction, by_code
from plusofon_pulumi.errors import PlusofonError, UnknownDirectionError
from plusofon_pulumi.identity import DIRECTIONS_ID as ID
from plusofon_pulumi.provider.base import CabinetProvider, failed_check, foreseen, outputs_of, recorded

if TYPE_CHECKING:
    from plusofon_pulumi.account import OpenList

ON_DESTROY = ("retain", "close")


class AllowedDirectionsProvider(CabinetProvider):
    """Own the whole list of open directions."""

    def configure(self, req: ConfigureRequest) -> None:
        """Take over the stack's configuration."""
        super().configure(req)
        self._noted_before: dict[str, Direction] | None = None

    @foreseen
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse, before any write, what cannot work; return the codes as sorted digits, each once."""
        given, on_destroy = news.get("codes"), news.get("on_destroy", ON_DESTROY[0])
        failures = _failed_shape(given, on_destroy)
        codes: Any = given
        if not failures and isinstance(given, list):
            codes = self._checked(given, olds.get("codes"), failures)
            if not failures and not olds:
                failures += self._told_before_creation(codes)
        return CheckResult({"codes": codes, "on_destroy": on_destroy}, failures)

    @foreseen
    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Compare with the live list, and tell each code that an update would close or open."""
        codes: Any = news.get("codes")
        if not _is_known(codes):
            return DiffResult(changes=True)
        live = self.cabinet().open_directions()
        noted = _recorded(olds)
        # After a refresh in the same process, only `read` has seen what state recorded before.
        self._tell_plan(set(codes), live, noted if self._noted_before is None else self._noted_before)
        is_noted = set(codes) == noted.keys() and news.get("on_destroy") == olds.get("on_destroy")
        return DiffResult(changes=not is_noted or set(codes) != live.keys())

    @foreseen
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the live list equal; what is open already and declared is taken over as it is."""
        return CreateResult(ID, self._make(props, {}))

    @foreseen
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read what is open, as outputs and as inputs, so that drift shows as a difference; an empty list is a list."""
        live = self.cabinet().open_directions()
        noted = self._noted_before = _recorded(props)
        on_destroy = props.get("on_destroy", ON_DESTROY[0])
        outputs = _outputs((noted.get(code, live[code]) for code in sorted(live)), on_destroy)
        return ReadResult(id_, outputs, {"codes": list(outputs["codes"]), "on_destroy": on_destroy})

    @foreseen
    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Make the live list equal."""
        return UpdateResult(self._make(news, olds))

    @foreseen
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Leave everything open (``retain``), or close what was last recorded and is not declared (``close``)."""
        noted = _recorded(props).values()
        if props.get("on_destroy") == "close":
            left = self.cabinet().close(noted)
            why = "another resource of this program declares it"
        else:
            left = [direction for direction in noted if not self.cabinet().claims.holds(direction.code)]
            why = 'on_destroy is "retain"'
        for direction in left:
            self.tell(f"{direction} stays open: {why}.")

    def _checked(self, given: list[Any], old: Any, failures: list[CheckFailure]) -> Any:
        """Return the codes of a list, sorted and each once; note a failure for each that cannot work."""
        codes: dict[str, str] = {}
        for index, value in enumerate(given):
            if not isinstance(value, Unknown):
                try:
                    codes.setdefault(self.code(value), f"codes[{index}]")
                except PlusofonError as error:
                    failures.append(failed_check(f"codes[{index}]", error))
        if failures:
            return given
        # Claimed before anything else can fail: what is declared is not closed because something else went wrong.
        failures += self._failed_codes(codes, old)
        return sorted(codes) + [value for value in given if isinstance(value, Unknown)]

    def _failed_codes(self, codes: Mapping[str, str], old: Any) -> list[CheckFailure]:
        failures = []
        known = set(old) if isinstance(old, list) and _is_known(old) else set()
        try:
            cabinet = self.cabinet()
            cabinet.claims.claim(codes)
            for code, place in codes.items():
                if code not in known:
                    try:
                        cabinet.direction(code)
                    except UnknownDirectionError as error:
                        failures.append(failed_check(place, error))
            if known:
                # `diff` reads the same snapshot next; here, an error is shown in plain words.
                cabinet.open_directions()
        except PlusofonError as error:
            failures = [failed_check("codes", error)]
        if failures:
            self.cabinet().claims.mark(codes, failed=True)
        return failures

    def _told_before_creation(self, codes: Any) -> list[CheckFailure]:
        """Tell what a creation will do, for the engine asks nothing but `check` before it."""
        try:
            live = self.cabinet().open_directions()
        except PlusofonError as error:
            self.cabinet().claims.mark(codes, failed=True)
            return [failed_check("codes", error)]
        if _is_known(codes):
            self._tell_plan(set(codes), live, None)
        return []

    def _tell_plan(self, codes: set[str], live: OpenList, noted: Mapping[str, Direction] | None) -> None:
        """Tell each code that will close or open; ``noted`` is what state recorded, None before a creation."""
        known = noted or {}
        for code in sorted(live.keys() - codes):
            is_drift = noted is not None and code not in noted
            what = "was opened outside Pulumi" if is_drift else "is open and not declared"
            self.tell(f"{known.get(code, live[code])} {what}; `pulumi up` closes it.")
        for code in sorted(codes - live.keys()):
            what = "was closed outside Pulumi" if code in known else "is declared and not open"
            self.tell(f"{known.get(code, self.cabinet().describe(code))} {what}; `pulumi up` opens it.")

    def _make(self, news: dict[str, Any], olds: dict[str, Any]) -> dict[str, Any]:
        cabinet = self.cabinet()
        codes = sorted(news["codes"])
        for notice in cabinet.make_exactly(frozenset(codes)):
            self.tell(notice)
        noted = _recorded(olds)
        return _outputs((noted.get(code, cabinet.describe(code)) for code in codes), news["on_destroy"])


def _failed_shape(codes: Any, on_destroy: Any) -> list[CheckFailure]:
    """Refuse what is no list: never is it taken for "all" or for "none"."""
    failures = []
    if codes is None:
        failures.append(
            CheckFailure(
                "codes", "it is missing: give the list of codes that are open; an empty list closes everything"
            )
        )
    elif not isinstance(codes, (list, Unknown)):
        failures.append(CheckFailure("codes", 'it is not a list: give the codes as in ["7", "36"]'))
    if not isinstance(on_destroy, Unknown) and on_destroy not in ON_DESTROY:
        failures.append(CheckFailure("on_destroy", 'it is "retain" (leave the directions open) or "close"'))
    return failures


def _is_known(codes: Any) -> bool:
    return isinstance(codes, list) and not any(isinstance(code, Unknown) for code in codes)


def _recorded(outputs: Mapping[str, Any]) -> dict[str, Direction]:
    """Return the directions that state recorded, by code; an alias may bring outputs of another shape."""
    directions = outputs.get("directions")
    return by_code(map(recorded, directions)) if isinstance(directions, list) else {}


def _outputs(directions: Iterable[Direction], on_destroy: str) -> dict[str, Any]:
    listed = list(directions)
    return {
        "codes": [direction.code for direction in listed],
        "directions": [outputs_of(direction) for direction in listed],
        "on_destroy": on_destroy,
    }
