"""What must hold whatever programs, owners, networks and kills do, and where it cannot.

A search counts each exception that it grants, so that it tells how often one was needed.
"""

from __future__ import annotations

INVARIANTS = {
    "open": "a code is opened only because the program declares it, and never in a run that only closes",
    "kept": "a code that the program declares is never closed by us",
    "foreign": "a code is closed only by the delete of the resource that had it, or where the whole list is declared",
    "order": "a whole list is opened only after a look that shows its closings",
    "quiet": "previews and refreshes write nothing",
    "true": "a step that succeeds has done what it says",
    "noticed": "what closes or opens between a write and the look after it is mended, or fails the run",
    "owned": "what we have opened is in state, or declared and reported as failed",
    "error": "an error never removes a resource from state, and a read never does unless the code is closed",
    "exact": "once the faults have ended, one `up` reaches exactly what is declared, and a second has nothing to do",
    "secret": "the token is in no text, no output and no input",
    "plain": "every failure is an error of ours, one paragraph long",
}

EXCEPTIONS = {
    "blind": "owned: a creation of one direction failed, and the list could not be read after the write; or the plugin "
    "was killed. The code may be open with nothing in state. The next `up` of the same program takes it over; it stays "
    "open only where the program drops it before that.",
    "partial": "owned: a change of the whole list failed half-way. What it had opened by then is not in state yet; the "
    "next `up` or `refresh` takes it over, but a destroy before that, also with on_destroy=close, does not know it.",
    "retained": 'owned: on_destroy is "retain", and the resource was destroyed: leaving things open is its meaning.',
    "believed": "true: an opening was answered with success, and the list could not be read: it is believed, with a "
    "message. If it was not done, the next `up` does it.",
    "raced": "true, noticed: the owner changed the account after the last look. The next `up` mends it.",
    "vanished": "owned: codes that the program declares closed during a write, and could not be opened again. All of "
    "the batch fails, and the error says which of its codes are open; the next `up` takes them over.",
    "asked": "kept: with delete_before_replace=True, which the user asks for, the old code may be closed before the "
    "engine has told that another resource declares it; that resource opens it again in the same run.",
    "home": "exact: the home direction, where Plusofon keeps it open for ever, cannot be closed: the run fails and "
    "says so.",
}
