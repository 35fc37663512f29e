"""The files of the playground: the page, this package, and where Python for a browser comes from, with its hashes.

Any web server can serve them. Nothing is downloaded here: Pyodide is named, or taken from files that are given.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from gru.files import read_whole
from gru.wheels import own_wheel, pure_wheel

PAGE = Path(__file__).with_name("page")

LIMIT = 60
"""Seconds after which the page ends a check; a right cell takes two on a laptop. That is no verdict."""

ASKED = {
    "gru/chapter": "GRU, the chapter's",
    "gru/swapped": "GRU, z on the old state",
    "gru/reset-after": "GRU, r after the product",
    "gru/chapter-bias": "GRU with a bias",
    "gru/torch": "GRU of PyTorch",
    "gru/keras": "GRU of Keras",
    "gru/onnx": "GRU of ONNX",
    "lstm/chapter": "LSTM",
    "lstm/no-bias": "LSTM without bias",
    "rnn/chapter": "plain RNN",
    "rnn/no-bias": "plain RNN without bias",
}
"""What the page can ask for: a layer and a form of it by their names, and what it is called there. The first is asked
for unless another is chosen."""

VERSION = "0.27.7"
NPM = f"https://cdn.jsdelivr.net/npm/pyodide@{VERSION}/"
FULL = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"

PYODIDE = {
    f"{NPM}pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    f"{NPM}pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    f"{NPM}pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    f"{NPM}python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
    f"{NPM}pyodide-lock.json": "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    f"{FULL}numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl": (
        "ebb61241d962b98b21597d7ce43b67668a6d5bab3acec4fbe958657320d7cd08"
    ),
}
"""Where each file of Pyodide and its NumPy is served, and its SHA-256: of the npm package `pyodide`, and for NumPy of
the lock file in it."""

NEEDED = ("markupsafe", "jinja2")
"""What the report as a page is made with, beside this package and NumPy."""


class PlaygroundError(Exception):
    """A file that was to be taken is missing, or is another; the text says which."""


def names() -> list[str]:
    """The names of the files of Pyodide and NumPy that are needed."""
    return [_name(url) for url in PYODIDE]


def files(given: Iterable[Path] | None = None) -> dict[str, bytes]:
    """The files of the playground by their names.

    Args:
        given: Files of Pyodide and its NumPy, or folders with them, from which a page is made that needs no network.
            None for one that takes them from the network.

    Raises:
        PlaygroundError: Where one of them is missing, or not the one that is expected.
        NotInstalledError: Where this package is not installed.
        OSError: Where one cannot be read.
    """
    made = {path.name: path.read_bytes() for path in sorted(PAGE.iterdir()) if path.is_file()}
    wheels = dict([*map(pure_wheel, NEEDED), own_wheel()])
    python = {} if given is None else _taken(list(given))
    sources = {_name(url): {"url": url, "integrity": _integrity(bytes.fromhex(sha))} for url, sha in PYODIDE.items()}
    for name in python:
        sources[name]["url"] = f"pyodide/{name}"
    for name, data in wheels.items():
        sources[name] = {"url": name, "integrity": _integrity(hashlib.sha256(data).digest())}
    runtime = {"pyodide": VERSION, "limit": LIMIT, "asked": ASKED, "wheels": list(wheels), "files": sources}
    made |= wheels | {f"pyodide/{name}": data for name, data in python.items()}
    return made | {"runtime.json": json.dumps(runtime, indent=1).encode()}


def _taken(given: list[Path]) -> dict[str, bytes]:
    """The files of Pyodide and NumPy, found among those that are given. Raises PlaygroundError and OSError."""
    there = [path for one in given for path in (sorted(one.iterdir()) if one.is_dir() else [one])]
    by_name = {path.name: path for path in there}
    missing = [name for name in names() if name not in by_name]
    if missing:
        raise PlaygroundError(f"{', '.join(missing)} not given: of the npm package pyodide@{VERSION}, and its NumPy")
    taken: dict[str, bytes] = {}
    for url, sha in PYODIDE.items():
        name = _name(url)
        taken[name] = read_whole(by_name[name])
        found = hashlib.sha256(taken[name]).hexdigest()
        if found != sha:
            raise PlaygroundError(f"{by_name[name]} is another {name}: its SHA-256 is {found}, expected {sha}")
    return taken


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def _integrity(digest: bytes) -> str:
    """A hash as a browser compares it with what it fetches."""
    return f"sha256-{base64.b64encode(digest).decode()}"
