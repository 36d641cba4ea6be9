"""Draw docs/preview.svg, what a terminal shows of a `pulumi preview` that finds changes: `make picture`."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import re
import shutil
import struct
import sys
import tempfile
import termios
from pathlib import Path

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

from plusofon_pulumi.sandbox import Sandbox
from tools import isolated
from tools.engine import engine_folder

CHECKOUT = Path(__file__).resolve().parent.parent
TARGET = CHECKOUT / "docs" / "preview.svg"
# The program of examples/whole_account declares 7, 36 and 58. Since then somebody opened two codes and closed one.
CHANGED = ("7", "58", "53", "216")
COLUMNS, ROWS = 112, 60
# Rich's own template loads a font from the network; this one uses the reader's fixed-width font.
TEMPLATE = """\
<svg role="img" aria-label="pulumi preview" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, "DejaVu Sans Mono", Menlo, monospace; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g>
</g>
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
        run(pyte.Screen(COLUMNS, ROWS), folder, env, "stack", "init", isolated.STACK)
        run(pyte.Screen(COLUMNS, ROWS), folder, env, "up", "--yes", "--skip-preview")
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
    """Return an SVG of the terminal."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ pulumi preview", style="bold"))
    text = Text()
    for row in range(ROWS):
        for column in range(COLUMNS):
            cell = screen.buffer[row][column]
            colour = {"default": None, "brown": "yellow"}.get(cell.fg, cell.fg.replace("bright", "bright_"))
            colour = f"#{colour}" if re.fullmatch("[0-9a-f]{6}", colour or "") else colour
            text.append(cell.data, Style(color=colour, bold=cell.bold))
        text.append("\n")
    text.rstrip()
    console.print(text)
    return console.export_svg(title="pulumi preview", code_format=TEMPLATE, unique_id="preview")


if __name__ == "__main__":
    TARGET.write_text(draw(preview(engine_folder())), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(CHECKOUT)}", file=sys.stderr)
