"""Build the native plugin as a tarball in dist/, which `pulumi plugin install … --file` takes, and print its path."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FILES = {
    # Pulumi makes the environment when it installs the plugin.
    "PulumiPlugin.yaml": "runtime:\n  name: python\n  options:\n    virtualenv: venv\n",
    "__main__.py": "from plusofon_pulumi.plugin import main\n\nmain()\n",
    "requirements.txt": "./{wheel}\n",
}


def main() -> None:
    """Build the wheel, and pack it with what tells Pulumi how to run it."""
    print(build(CHECKOUT / "dist"))


def build(folder: Path) -> Path:
    """Build the tarball in a folder; return its path."""
    with tempfile.TemporaryDirectory() as made:
        command = [sys.executable, "-m", "build", "--wheel", "--outdir", made, CHECKOUT]
        subprocess.run(command, check=True, stdout=sys.stderr)
        [wheel] = Path(made).glob("*.whl")
        for name, text in FILES.items():
            Path(made, name).write_text(text.format(wheel=wheel.name), encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"pulumi-resource-plusofon-{wheel.name.split('-')[1]}.tar.gz"
        with tarfile.open(path, "w:gz") as tarball:
            for file in sorted(Path(made).iterdir()):
                tarball.add(file, file.name)
    return path


if __name__ == "__main__":
    main()
