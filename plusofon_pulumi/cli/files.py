"""Files that are there whole or not at all, also when the writing fails or is interrupted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from plusofon_pulumi.cli.common import CommandError, reason


def write_all(files: Mapping[Path, str], *, overwrite: bool) -> None:
    """Write files, each into a temporary one beside it first, and put them in place once all of them are written.

    Without ``overwrite``, a file that has come meanwhile is left as it is. Raises CommandError where one cannot be
    written; each of the others is then either the new one, whole, or as it was.
    """
    waiting = {path.with_name(f".{path.name}.{os.getpid()}.tmp"): path for path in files}
    path = next(iter(files))
    try:
        for temporary, path in waiting.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            # A name may hold what UTF-8 cannot.
            temporary.write_bytes(files[path].encode("utf-8", "replace"))
        for temporary, path in waiting.items():
            if not overwrite and os.path.lexists(path):
                raise FileExistsError  # noqa: TRY301  # as another's file would
            temporary.replace(path)
    except FileExistsError:
        raise taken(path) from None
    except OSError as error:
        raise CommandError(f"cannot write {path}: {reason(error)}") from None
    finally:
        for temporary in waiting:
            _remove(temporary)


def taken(path: Path) -> CommandError:
    """Return the error for a file that is there, and may not be overwritten."""
    return CommandError(f"{path} is there already: choose another folder with --out, or overwrite it with --force")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # Its folder could not be made, or is gone: so is the file.
        return
