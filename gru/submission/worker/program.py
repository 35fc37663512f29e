"""The program of a worker: it makes a package of the modules beside it, and serves one submission with them.

`python -I -S program.py` needs the standard library and NumPy only. It never sees the package that examines or a
right answer, and judges nothing.
"""

import argparse
import json
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

PACKAGE = "_beside"
"""The package of what runs beside a submission, under a name that says nothing of what examines."""

FOLDER = Path(__file__).parents[1]


class Adapters:
    """Finds the adapters, which few submissions need: they are read before the lockdown, and run when asked for."""

    def __init__(self) -> None:
        files = {f"{PACKAGE}.adapters.{path.stem}": path for path in (FOLDER / "adapters").glob("*.py")}
        files[f"{PACKAGE}.adapters"] = files.pop(f"{PACKAGE}.adapters.__init__")
        self.sources = {name: path.read_bytes() for name, path in files.items()}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec of a module that was read; None for any other."""
        if name not in self.sources:
            return None
        return ModuleSpec(name, self, is_package=name == f"{PACKAGE}.adapters")  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Nothing special: the usual module is made."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the source in the module."""
        exec(compile(self.sources[module.__name__], f"<{module.__name__}>", "exec"), module.__dict__)


def _defaults(parser: argparse.ArgumentParser, *_: Any) -> argparse.Namespace:
    """What a script is told on the command line: nothing, and what it requires is None."""
    for action in parser._actions:
        action.required = False
    return parser.parse_known_args([])[0]


def main() -> NoReturn:
    """Serve one submission until there are no more requests; what it registered with `atexit` is not run.

    The argument is JSON: the process id of the `parent`, the folders of the `packages` that can be imported, and
    whether it `forks`: then each of its forks serves one submission. `files` are the arguments of `lockdown.Files`.
    """
    given = json.loads(sys.argv.pop())
    # There is no terminal to debug in: a `breakpoint()` that was left in is passed over.
    sys.breakpointhook = lambda *arguments, **options: None
    argparse.ArgumentParser.parse_args = _defaults  # type: ignore[assignment]
    for name, folder in ((PACKAGE, FOLDER), (f"{PACKAGE}.worker", FOLDER / "worker")):
        sys.modules[name] = package = ModuleType(name)
        package.__path__ = [str(folder)]
    sys.meta_path.insert(0, Adapters())
    lockdown = import_module(f"{PACKAGE}.worker.lockdown")
    lockdown.die_with(given["parent"])
    sys.meta_path.append(lockdown.Packages(given["packages"]))
    serving = import_module(f"{PACKAGE}.worker.serving")
    # What this program is made of is compiled once; of a submission nothing is written.
    sys.dont_write_bytecode = True
    serving.serve(given["files"], forks=given["forks"])
    sys.exit()


if __name__ == "__main__":
    main()
