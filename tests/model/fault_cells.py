"""Fault by fault, what comes of each operation.

Each cell is one operation on an account, in a process of its own, while one kind of call fails in one way, once or
always. A cell survives if all of `_verdict` holds, whatever its outcome. The sandbox is simulated as in `simulation`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from unittest import mock

from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from tests.model.simulation import ALL, FAULTS, ONE, Clock, Process, Wire, sandbox_of, simulated


@dataclass(frozen=True, slots=True)
class Failing:
    """Which calls fail: those of one kind, from the first or the second on."""

    name: str
    told: str
    method: str
    path: str
    skip: int = 0


LIST = ("GET", ALLOWED_PATH)
CALLS = (
    Failing("GET direction", "the list of open directions", *LIST),
    Failing("GET direction, from the second on", "the list, when it is looked at after a write", *LIST, skip=1),
    Failing("GET directions", "the catalogue", "GET", CATALOGUE_PATH),
    Failing("PUT direction", "opening", "PUT", ALLOWED_PATH),
    Failing("DELETE direction", "closing", "DELETE", ALLOWED_PATH),
)
TIMES = {"once": 1, "always": 999}


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of a provider's method, and the account before it and after it."""

    kind: str
    name: str
    before: frozenset[str]
    after: frozenset[str]
    act: Callable[[Process], Any]
    replaces: bool = False
    """PUT replaces the whole list (R15), so the operation cannot succeed: it has to say so."""

    @property
    def writes(self) -> bool:
        return self.before != self.after


def _one(code: str) -> dict[str, Any]:
    return {"code": code, "name": "", "english_name": ""}


def _all(*codes: str, on_destroy: str = "retain") -> dict[str, Any]:
    return {"codes": list(codes), "directions": [_one(code) for code in codes], "on_destroy": on_destroy}


def _two_at_once(process: Process) -> Any:
    """Open two codes in one batch, while the program declares a third one, which is open."""
    process.call(ONE, "check", {"code": "44"}, {"code": "44"})
    process.account.writer.expected_callers = 2
    # In seconds of the machine: long enough for both to come, however busy it is.
    waits = mock.patch("plusofon_pulumi.account.writer.LONGEST_GATHERING", 5)
    with waits, ThreadPoolExecutor(2) as pool:
        both = [pool.submit(process.call, ONE, "create", {"code": code}) for code in ("36", "58")]
    return [each.result() for each in both]


def _operations() -> list[Operation]:
    one, news = _one("36"), {"code": "36"}
    whole, wanted = _all("36", "58"), {"codes": ["36", "58"], "on_destroy": "retain"}
    closing, other = _all("36", "58", on_destroy="close"), {"codes": ["7", "36", "58"], "on_destroy": "retain"}
    shut, both, drift = frozenset({"44"}), frozenset({"36", "44"}), frozenset({"44", "58"})
    exact, more = frozenset({"36", "58"}), frozenset({"36", "44", "58"})
    old, new = frozenset({"44", "53", "58"}), frozenset({"7", "36", "58"})

    def calls(kind: str, method: str, *arguments: Any) -> Callable[[Process], Any]:
        return lambda process: process.call(kind, method, *arguments)

    return [
        Operation(ONE, "check, new", shut, shut, calls(ONE, "check", {}, news)),
        Operation(ONE, "check", both, both, calls(ONE, "check", news, news)),
        Operation(ONE, "diff", both, both, calls(ONE, "diff", "36", one, news)),
        Operation(ONE, "read", both, both, calls(ONE, "read", "36", one)),
        Operation(ONE, "create", shut, both, calls(ONE, "create", news)),
        Operation(ONE, "update", shut, both, calls(ONE, "update", "36", one, news)),
        Operation(ONE, "delete", both, shut, calls(ONE, "delete", "36", one)),
        Operation(ONE, "create, two", shut, more, _two_at_once),
        Operation(ONE, "create, two, R15", shut, more, _two_at_once, replaces=True),
        Operation(ALL, "check, new", drift, drift, calls(ALL, "check", {}, wanted)),
        Operation(ALL, "check", exact, exact, calls(ALL, "check", wanted, wanted)),
        Operation(ALL, "diff", exact, exact, calls(ALL, "diff", "allowed-directions", whole, wanted)),
        Operation(ALL, "read", exact, exact, calls(ALL, "read", "allowed-directions", whole)),
        Operation(ALL, "create", drift, exact, calls(ALL, "create", wanted)),
        Operation(ALL, "update", old, new, calls(ALL, "update", "allowed-directions", _all("58"), other)),
        Operation(ALL, "delete, retain", exact, exact, calls(ALL, "delete", "allowed-directions", whole)),
        Operation(ALL, "delete, close", more, shut, calls(ALL, "delete", "allowed-directions", closing)),
    ]


OPERATIONS = _operations()


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one operation under one fault. ``broken`` is empty where the cell has survived."""

    call: Failing
    fault: str
    times: str
    operation: Operation
    outcome: str
    broken: tuple[str, ...]

    def __str__(self) -> str:
        where = f"{self.call.name}, {self.fault} {self.times}"
        return f"{self.operation.kind} {self.operation.name}, {where}: {self.outcome}; {', '.join(self.broken)}"


class FaultTrial:
    """An account that each cell begins anew with."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sandbox: Sandbox = sandbox_of()
        self.wire = Wire(self.sandbox, clock)

    def makes(self, call: Failing, operation: Operation) -> bool:
        """Return True if an operation makes such a call when nothing fails."""
        self._set_up(operation)
        _acted(Process(self.sandbox), operation)
        return self.sandbox.calls(call.method, call.path) > call.skip

    def cell(self, call: Failing, fault: str, times: str, operation: Operation) -> Cell:
        """Run one operation under one fault, and once more without it."""
        self._set_up(operation)
        sandbox = self.sandbox
        self.wire.fail_next(TIMES[times], fault, method=call.method, path=call.path, skip=call.skip)
        process = Process(sandbox)
        began = self.clock.now
        result, error = _acted(process, operation)
        self.wire.clear_faults()
        outcome = _outcome(operation, sandbox.open_codes, result, error)
        if outcome == "done" and sandbox.open_codes != operation.after:
            outcome = "believed" if "could not be read" in process.said.getvalue() else "untrue"
        broken = tuple(self._verdict(process, operation, outcome, error, self.clock.now - began))
        return Cell(call, fault, times, operation, outcome, broken)

    def _set_up(self, operation: Operation) -> None:
        self.sandbox.reset()
        self.sandbox.set_open(operation.before)
        self.sandbox.set_readings({"R15": "replaces" if operation.replaces else "adds"})

    def _verdict(
        self, process: Process, operation: Operation, outcome: str, error: BaseException | None, seconds: float
    ) -> list[str]:
        """Return what does not hold that must hold in every cell."""
        now, asked = self.sandbox.open_codes, operation.before | operation.after
        text = f"{error}" if error else ""
        is_read = all(request.method == "GET" for request in self.sandbox.requests)
        # The plugin of the next run does not start within the two seconds in which a write may show late.
        self.clock.sleep(2.5)
        _, next_error = _acted(Process(self.sandbox), operation)
        is_done_then = next_error is None and self.sandbox.open_codes == operation.after
        demands = {
            "only our own errors leave": error is None or isinstance(error, PlusofonError),
            "a success is true": outcome != "untrue",
            "nothing opens that was not to be open": now <= asked,
            "nothing closes that was not to be closed": operation.replaces or operation.before & operation.after <= now,
            "reading writes nothing": operation.writes or is_read,
            "the error is one paragraph": "\n" not in text and len(text) < 1000,
            "what it says was not carried out was not": (
                "It was not carried out" not in text or not (operation.after - operation.before) & now
            ),
            "the token is nowhere": self.sandbox.token not in text + process.said.getvalue(),
            # Two time-outs of a list and of a write, one minute each, and the looks between them.
            "it ends": seconds < 600,
            "the next run does it, or says why not": is_done_then is not operation.replaces,
        }
        return [demand for demand, holds in demands.items() if not holds]


def _acted(process: Process, operation: Operation) -> tuple[Any, BaseException | None]:
    with process.heard():
        try:
            return operation.act(process), None
        except Exception as error:  # noqa: BLE001  # judged by the cell
            return None, error


def _outcome(operation: Operation, now: frozenset[str], result: Any, error: BaseException | None) -> str:
    if error is None:
        return "told" if getattr(result, "failures", None) else "done"
    if not operation.writes:
        return "failed"
    return {operation.before: "undone", operation.after: "carried out"}.get(now, "part")


def cells() -> list[Cell]:
    """Run all of them."""
    with simulated() as clock:
        trial = FaultTrial(clock)
        with trial.wire.connected():
            return [
                trial.cell(call, fault, times, operation)
                for call in CALLS
                for operation in OPERATIONS
                if trial.makes(call, operation)
                for fault in FAULTS
                for times in TIMES
                if not (fault == "ignore" and call.method == "GET")
            ]
