"""Files that are there whole or not at all, also when the writing fails or is interrupted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from plusofon_pulumi.cli.common import CommandError, reason


def write_all(files: Mapping[Path, str]) -> None:
    """Write files, each into a temporary one beside it first, and put them in place once all of them are written.

    Raises CommandError where one cannot be written; what was there before is then as it was.
    """
    waiting = {path.with_name(f".{path.name}.{os.getpid()}.tmp"): path for path in files}
    path = next(iter(files))
    try:
        for temporary, path in waiting.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            # A name may hold what UTF-8 cannot.
            temporary.write_bytes(files[path].encode("utf-8", "replace"))
        for temporary, path in waiting.items():
            temporary.replace(path)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {reason(error)}") from None
    finally:
        for temporary in waiting:
            _remove(temporary)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # Its folder could not be made, or is gone: so is the file.
        return
