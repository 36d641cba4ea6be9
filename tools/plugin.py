"""Build the native plugin as a tarball in dist/, which `pulumi plugin install … --file` takes, and print its path."""

from __future__ import annotations

import io
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
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--wheel", "--outdir", folder, str(CHECKOUT)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        [wheel] = Path(folder).glob("*.whl")
        print(pack(wheel, CHECKOUT / "dist"))


def pack(wheel: Path, folder: Path) -> Path:
    """Pack a wheel as a plugin into a folder; return the tarball's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"pulumi-resource-plusofon-{wheel.name.split('-')[1]}.tar.gz"
    with tarfile.open(path, "w:gz") as tarball:
        tarball.add(wheel, wheel.name)
        for name, text in FILES.items():
            content = text.format(wheel=wheel.name).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tarball.addfile(entry, io.BytesIO(content))
    return path


if __name__ == "__main__":
    main()
