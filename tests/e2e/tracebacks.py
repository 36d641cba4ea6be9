"""Find the tracebacks that a user is shown, apart from one that the engine causes itself.

When a resource has failed, the engine interrupts the program, which may be within the SDK's own handling of that
failure. Python then shows where it was interrupted, or as much of it as it gets out before the engine kills it.
"""

from __future__ import annotations

import itertools
import re

START = "Traceback (most recent call last):"
# Of what a piece of the diagnostics is: `  pulumi:pulumi:Stack (test-dev):`, or a heading such as `Resources:`.
HEADING = re.compile(r"^(?:  \S+ \(.*\)|\w+):$", re.MULTILINE)
PROGRAM = re.compile(r"^  pulumi:pulumi:Stack \(", re.MULTILINE)
ERROR = re.compile(r"^\s*[\w.]+(?:Error|Exception|Exit|Iteration|Warning)\b.*$")


def traceback_in(output: str) -> str:
    """Return the first traceback in an output of the CLI that is not the engine's interruption of the program."""
    # What the CLI shows while it runs it repeats here.
    diagnostics = output[max(output.find("Diagnostics:"), 0) :]
    starts = [0, *(heading.start() for heading in HEADING.finditer(diagnostics)), len(diagnostics)]
    for start, end in itertools.pairwise(starts):
        piece = diagnostics[start:end]
        if START in piece and not (PROGRAM.match(piece) and _is_interrupted(piece[piece.index(START) :])):
            return piece
    return ""


def _is_interrupted(traceback: str) -> bool:
    lines = [line for line in traceback.splitlines() if line.strip()]
    is_cut = not ERROR.match(lines[-1])
    return "plusofon_pulumi/" not in traceback and ("KeyboardInterrupt" in lines[-1] or is_cut)
