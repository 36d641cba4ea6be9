"""Draw docs/preview.svg, what a terminal shows of a `pulumi preview` that finds changes: `make picture`."""

from __future__ import annotations

import contextlib
import fcntl
import html
import itertools
import os
import pty
import shutil
import struct
import sys
import tempfile
import termios
from pathlib import Path

import pyte

from plusofon_pulumi.sandbox import Sandbox
from tools import isolated
from tools.engine import engine_folder

CHECKOUT = Path(__file__).resolve().parent.parent
TARGET = CHECKOUT / "docs" / "preview.svg"
# The program of examples/whole_account declares 7, 36 and 58. Since then somebody opened two codes and closed one.
CHANGED = ("7", "58", "53", "216")
COLUMNS, ROWS = 112, 60
COLOURS = {"default": "#c5c8c6", "5c5cff": "#6cb6ff", "ff00ff": "#ff6ac1", "cd00cd": "#c792ea", "cdcd00": "#d0b344"}
CELL, LINE = 11, 24  # the size of a character, in units of the picture
SVG = """\
<svg role="img" aria-label="pulumi preview" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg"
  font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, monospace" font-size="18" xml:space="preserve">
<rect width="{width}" height="{height}" rx="8" fill="#292929"/>
{lines}
</svg>
"""


def preview(engine: Path) -> pyte.Screen:
    """Create the whole list, change the account behind its back, and return the terminal after a preview."""
    screen = pyte.Screen(COLUMNS, ROWS)
    with tempfile.TemporaryDirectory(prefix="plusofon-picture-") as name, Sandbox() as sandbox:
        folder = Path(name)
        (folder / "Pulumi.yaml").write_text("name: account\nruntime: python\n", encoding="utf-8")
        shutil.copy(CHECKOUT / "examples" / "whole_account" / "__main__.py", folder)
        account = {"PLUSOFON_BASE_URL": sandbox.url, "PLUSOFON_TOKEN": sandbox.token, "TERM": "xterm-256color"}
        env = isolated.environment(engine, folder) | account
        run(screen, folder, env, "stack", "init", isolated.STACK)
        run(screen, folder, env, "up", "--yes", "--skip-preview")
        screen.reset()
        sandbox.set_open(CHANGED)
        run(screen, folder, env, "preview")
    return screen


def run(screen: pyte.Screen, folder: Path, env: dict[str, str], *arguments: str) -> None:
    """Run the CLI on this terminal: on any other output it shows each message twice, and no tree."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    with isolated.started(["pulumi", *arguments], folder, env, its, its, stdin=its) as process:
        os.close(its)
        stream = pyte.ByteStream(screen)
        with contextlib.suppress(OSError):  # Linux ends a terminal that nobody writes to by an error
            while output := os.read(ours, 65536):
                stream.feed(output)
        os.close(ours)
        if process.wait() != 0:
            raise RuntimeError("\n".join(screen.display).rstrip())


def draw(screen: pyte.Screen) -> str:
    """Return an SVG of the terminal: each run of one style is a text at its place."""
    rows = [[*map(row.__getitem__, range(COLUMNS))] for row in map(screen.buffer.__getitem__, range(ROWS))]
    while not any(cell.data.strip() for cell in rows[-1]):
        rows.pop()
    lines = [f'<text x="{CELL}" y="{LINE}" fill="#ffffff" font-weight="bold">$ pulumi preview</text>']
    for y, row in enumerate(rows, start=2):
        column = 1
        for (colour, bold), cells in itertools.groupby(row, lambda cell: (cell.fg, cell.bold)):
            text = "".join(cell.data for cell in cells)
            # Browsers join plain blanks, also in a text that asks to preserve them.
            shown = text.rstrip().replace(" ", "\N{NO-BREAK SPACE}")
            fill = COLOURS.get(colour, f"#{colour}" if len(colour) == 6 else colour)
            weight = ' font-weight="bold"' if bold else ""
            if shown:
                place = f'x="{CELL * column}" y="{LINE * y}" textLength="{CELL * len(shown)}"'
                lines.append(f'<text {place} fill="{fill}"{weight}>{html.escape(shown, quote=False)}</text>')
            column += len(text)
    size = {"width": CELL * (COLUMNS + 2), "height": LINE * (len(rows) + 2)}
    return SVG.format(lines="\n".join(lines), **size)


if __name__ == "__main__":
    TARGET.write_text(draw(preview(engine_folder())), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(CHECKOUT)}", file=sys.stderr)
