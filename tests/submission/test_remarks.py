"""Remarks: what each trick is called, none on honest cells, one on every attack that uses such a trick."""

import re
from pathlib import Path

import pytest

from gru.submission.remarks import LONGEST, MOST, SENTENCES, Remark, remarks_of
from tests.grading.classes import notebook

TESTS = Path(__file__).parents[1]
HONEST = sorted(
    [
        *TESTS.parent.glob("examples/**/*.py"),
        *TESTS.glob("adapters/files/*.py"),
        TESTS / "examiner" / "right_cells.py",
    ]
)

TRICKS = {
    "import threading": "processes",
    "_getframe": "frames",
    "f_back": "frames",
    r"^\w+(\.\w+)+ = ": "patch",
    r"vars\(exercise\)": "patch",
    r"\.imag\b": "complex",
    r"sys\.modules": "modules",
    "import_module": "import",
}
"""What attacks are made of, as it stands in their text, and the kind of the remark."""

SOURCES = [
    ("import sys\nm = sys.modules['x']", "modules", 2),
    ("from sys import modules", "modules", 1),
    ("import gc", "objects", 1),
    ("import inspect as i", "source", 1),
    ("import sys\n\nf = sys._getframe(1)", "frames", 3),
    ("def f(e):\n    return e.tb_frame", "frames", 2),
    ("f = getattr(g, 'f_globals')", "frames", 1),
    ("import ctypes", "memory", 1),
    ("open('/proc/self/maps')", "proc", 1),
    ("from threading import Thread", "processes", 1),
    ("from concurrent.futures import ThreadPoolExecutor", "processes", 1),
    ("exec('1')", "code", 1),
    (f"t = '{'a' * 2000}'", "literal", 1),
    (f"t = [{'[-1.5, 2.5], ' * 40}]", "table", 1),
    ("class A:\n    def __array_ufunc__(self): ...", "dunder", 2),
    ("a.__class__ = B", "dunder", 1),
    ("object.__subclasses__()", "dunder", 1),
    ("import numpy as np\nnp.exp = lambda a: a", "patch", 2),
    ("import numpy as np\nsetattr(np, 'exp', 1)", "patch", 2),
    ("import os\nos.environ['A']", "environment", 2),
    ("import importlib", "import", 1),
    ("__import__('os')", "import", 1),
    ("from time import sleep", "sleep", 1),
    ("h = 1e-30j", "complex", 1),
    ("d = f(x).imag", "complex", 1),
    ("a = a.astype(complex)", "complex", 1),
    ("import os\nos.write(3, b'')", "processes", 2),
]

ORDINARY = """
import os, re, sys, time
import numpy as np
PATTERN = re.compile("a")
class GRUCell:
    '''%s'''
    def __repr__(self): return self.__class__.__name__
    def set(self, **given):
        for name, value in given.items(): setattr(self, name, value)
        self.eval(); np.random.seed(0); self.began = time.time()
        self.x = np.array([[0.1, 0.2], [0.3, 0.4]])
""" % ("words " * 400)


@pytest.mark.parametrize(("source", "slug", "line"), SOURCES, ids=[source[:40] for source, *_ in SOURCES])
def test_a_trick_has_its_remark(source: str, slug: str, line: int) -> None:
    (remark,) = remarks_of("cell.py", {"cell.py": source.encode()})
    assert (remark.slug, remark.line) == (slug, line)
    assert remark.sentence == f"line {line}: {remark.words} {SENTENCES[slug]}"


@pytest.mark.parametrize("file", HONEST, ids=lambda file: file.name)
def test_an_honest_cell_has_none(file: Path) -> None:
    assert remarks_of(file.name, {file.name: file.read_bytes()}) == ()


def test_what_is_ordinary_has_none() -> None:
    assert remarks_of("cell.py", {"cell.py": ORDINARY.encode()}) == ()


def test_every_attack_that_uses_a_trick_has_its_remark() -> None:
    seen = set()
    for file in (*TESTS.glob("hostile/attacks/*/*.py"), TESTS / "hostile" / "worker.py"):
        text = file.read_text(encoding="utf-8")
        used = {slug for trick, slug in TRICKS.items() if re.search(trick, text, re.MULTILINE)}
        assert {remark.slug for remark in remarks_of(file.name, {file.name: text.encode()})} == used, file
        seen |= used
    assert seen == set(TRICKS.values())


@pytest.mark.parametrize("source", [b"import gc\n(", b"import gc\n\0", b"\xff", b"(" * 5000, b"-" * 100_000 + b"1"])
def test_what_does_not_parse_has_none(source: bytes) -> None:
    assert remarks_of("cell.py", {"cell.py": source}) == ()


def test_a_file_beside_it_is_named_and_comes_after() -> None:
    remarks = remarks_of("cell.py", {"a.py": b"import gc", "cell.py": b"import inspect", "text.txt": b"import gc"})
    assert remarks == (Remark("source", 1, "inspect"), Remark("objects", 1, "gc", "a.py"))
    assert remarks[1].sentence.startswith("a.py, line 1: gc ")


def test_a_notebook_is_told_by_cell_and_line() -> None:
    cell = "import gc\n\nclass GRUCell:\n    objects = gc.get_objects()"
    (remark,) = remarks_of("hand.ipynb", {"hand.ipynb": notebook("import numpy as np", cell)})
    assert (remark.slug, remark.cell, remark.line) == ("objects", 2, 1)


def test_many_remarks_and_long_files_have_an_end() -> None:
    many = "\n".join(f"import numpy as np\nnp.a{n} = 1" for n in range(3 * MOST))
    assert len(remarks_of("cell.py", {"cell.py": many.encode()})) == MOST
    (remark,) = remarks_of("cell.py", {"cell.py": b"#" * (LONGEST + 1)})
    assert remark.slug == "long"
