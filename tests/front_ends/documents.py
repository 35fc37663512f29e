"""The examples in the project's documents: found, run, and compared with what stands there.

A `console` block holds commands after `$ ` and what they print; a line `...` stands for any lines.
`python tests/front_ends/documents.py` writes the outputs anew, docs/equations.md and its like, and
the examples of the playground.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
)

PROLOGUE = """\
gru() { "$PYTHON" -m gru "$@"; }
python() { "$PYTHON" "$@"; }
pytest() { "$PYTHON" -m pytest -p gru.pytest_plugin "$@"; }
"""
"""The commands of the documents, in the interpreter that runs the tests; the plugin as if installed."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a document: its language, its text, and the line on which that begins."""

    document: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Example:
    """A command and what it should print, as it stands in a document."""

    command: str
    output: str


def blocks(document: Path, *languages: str) -> list[Block]:
    """The fenced blocks of a document, those in one of the languages."""
    text = document.read_text(encoding="utf-8")
    fences = re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = (Block(document, text[: fence.start(2)].count("\n") + 1, fence[1], fence[2]) for fence in fences)
    return [block for block in found if block.language in languages]


def examples(console: str) -> list[Example]:
    """The commands of a console block, each with the lines below it."""
    parts = re.split(r"^\$ ", console, flags=re.MULTILINE)
    if parts[0]:
        raise ValueError(f"a console block begins with $ and a command, not with {parts[0]!r}")
    return [Example(*part.rstrip("\n").partition("\n")[::2]) for part in parts[1:]]


def workshop(folder: Path) -> Path:
    """A copy of the project, in which the examples may write."""
    hidden = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "node_modules")
    return shutil.copytree(ROOT, folder, ignore=hidden, dirs_exist_ok=True)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of a document in the folder; both of its outputs in one."""
    # pytest shortens its summary to the width of the terminal, but not where it believes it is on CI.
    unwanted = ("PYTEST", "COV", "CI", "BUILD_NUMBER")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return subprocess.run(
        ["bash", "-c", PROLOGUE + command],
        cwd=folder,
        env=environment | {"PYTHON": sys.executable, "PYTHONUTF8": "1", "COLUMNS": "80", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


_VARYING = (
    (r"[ \t]+", " "),
    (r"\b\d+\.\d+ ?s\b", "_ s"),
    (r"\b\d+ deselected", "_ deselected"),
    (r"\bisolation [a-z+]+,", "isolation _,"),
    (r'("seconds":) [\d.]+', r"\1 _"),
    (r"(\d\.\d{5})\d+", r"\1"),
    # What rounding leaves behind is another number with another library of linear algebra.
    (r"\bright (0|\S+e-\d\d) (?=\S+e-\d\d$)", "right _ "),
    (r"\S+ (the right formula itself is off by;) \S+", r"_ \1 _"),
    (r"\S+ (the sum measured at once and step by step)", r"_ \1"),
)
"""What may differ from one run or one machine to the next, and what stands for it."""


def settled(text: str) -> str:
    """The text without what may differ from one run to the next."""
    lines = text.splitlines()
    for pattern, replacement in _VARYING:
        lines = [re.sub(pattern, replacement, line).rstrip() for line in lines]
    return "\n".join(lines).strip("\n") + "\n"


def is_shown_by(output: str, shown: str) -> bool:
    """Whether a document shows this output: the same lines, but for those that `...` stands for."""
    lines = (r"(.*\n)*?" if line == "..." else re.escape(line + "\n") for line in settled(shown).splitlines())
    return re.fullmatch("".join(lines), settled(output)) is not None


def shortened(output: str, shown: str) -> str:
    """The output with its middle left out where the document leaves it out: as many lines stay around it."""
    before, ellipsis, after = shown.partition("\n...\n")
    if not ellipsis:
        return output
    lines = output.splitlines()
    return "\n".join([*lines[: len(before.splitlines())], "...", *lines[-len(after.splitlines()) :]])


def rewritten(document: Path, folder: Path) -> str:
    """The document with the outputs of its commands as they are now; those that are the same stay."""
    text = document.read_text(encoding="utf-8")
    for block in blocks(document, "console"):
        text = text.replace(f"```console\n{block.text}```", f"```console\n{''.join(_anew(block, folder))}```")
    return text


def _anew(block: Block, folder: Path) -> Iterator[str]:
    for example in examples(block.text):
        output = run(example.command, folder).stdout.rstrip("\n")
        same = example.output and is_shown_by(output, example.output)
        shown = example.output if same else shortened(output, example.output)
        yield f"$ {example.command}\n" + (f"{shown}\n" if shown else "")


PAGES = {"equations.md": "gru", "lstm.md": "lstm", "rnn.md": "rnn"}
"""The pages that are made from the table of a layer."""


ON_THE_PAGE = {
    "submissions/dzr_without_h_prev.py": "equation (10) has lost a factor",
    "submissions/right.py": "every equation is right",
    "submissions/dh_forgets_z_path.py": "equation (23) has three of its four terms",
    "submissions/accumulates.py": "the gradients grow with every call",
    "submissions/untransposed_dx.py": "tried with as many inputs as units only",
    "other_apis/one_sample.py": "one sample at a time, in an API of its own",
    "skeleton.py": "an empty cell, to be filled in",
}
"""The examples that the playground's page offers, and what they are called there."""


def offered() -> str:
    """The examples of the playground's page, as the file of the package that holds them."""
    texts = {title: (ROOT / "examples" / path).read_text(encoding="utf-8") for path, title in ON_THE_PAGE.items()}
    return json.dumps([{"title": title, "text": text} for title, text in texts.items()], indent=1) + "\n"


def main() -> None:
    """Write the outputs in all documents anew, the page of the equations, and the examples of the playground."""
    sys.path.insert(0, str(ROOT))
    from gru.layers.registry import form_named
    from gru.report.equations_page import page

    for name, layer in PAGES.items():
        (ROOT / "docs" / name).write_text(page(form_named(layer=layer)), encoding="utf-8")
    (ROOT / "gru/playground/page/examples.json").write_text(offered(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        workshop(Path(folder))
        for document in DOCUMENTS:
            document.write_text(rewritten(document, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
