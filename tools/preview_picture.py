"""Draw docs/preview.svg: what `pulumi preview` says of an account that somebody has changed. Run: `make picture`.

The program is examples/whole_account, the engine the real one, the account a local sandbox.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from plusofon_pulumi.sandbox import Sandbox
from tools import isolated
from tools.engine import EngineError, engine_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(__file__).resolve().parent.parent
PROGRAM = CHECKOUT / "examples" / "whole_account" / "__main__.py"
TARGET = CHECKOUT / "docs" / "preview.svg"
# The program has 7, 36 and 58 open. Since then somebody has opened two codes and closed one.
CHANGED = ("7", "58", "53", "216")
COLUMNS = 112
# Rich's own template fetches a font from elsewhere; this one takes the fixed-width font of whoever looks.
TEMPLATE = """\
<svg role="img" aria-label="pulumi preview" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
    <style>
    .{unique_id}-matrix {{
        font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
        font-size: {char_height}px;
        line-height: {line_height}px;
    }}
    .{unique_id}-title {{ font-family: sans-serif; font-size: 18px; font-weight: bold; }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
    </g>
</svg>
"""


def main() -> int:
    """Write the picture; return the exit code."""
    try:
        picture = draw(preview(engine_folder()))
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"error: {' '.join(error.cmd)} failed:\n{error.output}", file=sys.stderr)
        return 1
    TARGET.write_text(picture, encoding="utf-8")
    print(f"wrote {TARGET.relative_to(CHECKOUT)}")
    return 0


def preview(engine: Path) -> str:
    """Bring the program up, let somebody change the account, and return what a preview says of it, with colours."""
    with tempfile.TemporaryDirectory(prefix="plusofon-picture-") as name, Sandbox() as sandbox:
        folder = Path(name, "account")
        folder.mkdir()
        shutil.copy(PROGRAM, folder)
        (folder / "Pulumi.yaml").write_text("name: account\nruntime: python\n", encoding="utf-8")
        env = isolated.environment(engine, Path(name, "pulumi"))
        env |= {"PLUSOFON_BASE_URL": sandbox.url, "PLUSOFON_TOKEN": sandbox.token}
        pulumi("stack", "init", isolated.STACK, folder=folder, env=env)
        pulumi("up", "--yes", "--skip-preview", folder=folder, env=env)
        sandbox.set_open(CHANGED)
        # Without the dots of progress: how many there are tells only how busy the machine was.
        return pulumi("preview", "--color", "always", "--suppress-progress", folder=folder, env=env)


def pulumi(*arguments: str, folder: Path, env: Mapping[str, str]) -> str:
    """Run the CLI and return its output; whatever ends us ends it, too."""
    command = ["pulumi", *arguments]
    with isolated.started(command, folder, env, subprocess.PIPE, None) as process:
        output, _ = process.communicate(timeout=120)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command, output.decode())
    return output.decode()


def draw(output: str) -> str:
    """Return an SVG of a terminal that shows the output below its command."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ pulumi preview", style="bold"))
    console.print(Text.from_ansi(output.rstrip()))
    return console.export_svg(title="pulumi preview", code_format=TEMPLATE, unique_id="preview")


if __name__ == "__main__":
    sys.exit(main())
