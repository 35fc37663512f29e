"""A class of fourteen students, each with a trap of real hand-ins, as seven systems would hand it over."""

import io
import json
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "submissions"
RIGHT = (EXAMPLES / "right.py").read_text(encoding="utf-8")
WRONG = (EXAMPLES / "dzr_without_h_prev.py").read_text(encoding="utf-8")
ANOTHER_NAME = RIGHT.replace("class GRUCell", "class MyGRU")

Files = dict[str, bytes]


@dataclass(frozen=True)
class Student:
    """A student's name and files, and what is to come of them: the verdict or reason, and the file examined."""

    name: str
    files: Mapping[str, bytes]
    outcome: str
    main: str = "gru_cell.py"
    late: bool = False
    again: bool = False


def notebook(*cells: str, version: int = 4) -> bytes:
    """A notebook with these code cells."""
    code = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": cell.splitlines(True)}
        for cell in cells
    ]
    return json.dumps({"cells": code, "metadata": {}, "nbformat": version, "nbformat_minor": 4}).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as the bytes of a zip."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _code(text: str) -> bytes:
    return text.encode()


HELPED = "from gates import helper\n" + RIGHT
STUDENTS = (
    Student("Ada Right", {"gru_cell.py": _code(RIGHT)}, "right"),
    Student("Ben Wrong", {"gru.py": _code(WRONG)}, "wrong", "gru.py"),
    Student("Cleo Late", {"mine.py": _code(RIGHT)}, "right", "mine.py", late=True),
    Student("Dan Again", {"gru.py": _code(HELPED), "gates.py": b"helper = 1\n"}, "right", "gru.py", again=True),
    Student("Eve Helper", {"utils.py": b"def f():\n    return 1\n", "my_cell.py": _code(RIGHT)}, "right", "my_cell.py"),
    Student(
        "Fay Tests",
        {"test_gru.py": b"from gru import GRUCell\n", "gru.py": _code(RIGHT), "notes.txt": b"x"},
        "right",
        "gru.py",
    ),
    Student("Gus Junk", {".DS_Store": b"\0", "._gru.py": b"\0\1", "gru.py": _code(RIGHT)}, "right", "gru.py"),
    Student("Hal Two", {"gru_cell.py": _code(RIGHT), "old.py": _code(WRONG)}, "right"),
    Student("Ida Pdf", {"report.pdf": b"%PDF-1.4"}, "no_code", ""),
    Student("Jon Zip", {"all.zip": zipped({"gru.zip": zipped({"gru.py": _code(RIGHT)})})}, "no_code", ""),
    Student("Kim Broken", {"gru.py": b"class GRUCell(:\n"}, "not_python", "gru.py"),
    Student(unicodedata.normalize("NFD", "Léa Ünïcode"), {"gru.py": _code(RIGHT)}, "right", "gru.py"),
    Student("Max O'Hara-Smith", {"gru_cell.py": _code(RIGHT)}, "right"),
    Student("Nia Odd Name", {"my gru (1).py": _code(RIGHT)}, "right", "my gru (1).py"),
)
"""Everybody's files lie side by side, as Canvas has no folders."""


def _letters(name: str) -> str:
    first, *rest = unicodedata.normalize("NFC", name).split()
    return "".join(c for c in "".join([*rest, first]).lower() if c.isalnum())


def canvas(students: tuple[Student, ...]) -> Files:
    """`ohara_LATE_101_9001_gru-1.py`, all in one folder."""
    files: Files = {}
    for n, student in enumerate(students):
        for k, (name, data) in enumerate(student.files.items()):
            late = "_LATE" if student.late else ""
            stem, dot, ending = name.rpartition(".")
            given = f"{stem}-1{dot}{ending}" if student.again else name
            files[f"{_letters(student.name)}{late}_{100 + n}_{9000 + 10 * n + k}_{given}"] = data
    return files


def canvas_anonymous(students: tuple[Student, ...]) -> Files:
    """`LATE_anon_x7Ab1_9001_gru.py`."""
    files: Files = {}
    for n, student in enumerate(students):
        for k, (name, data) in enumerate(student.files.items()):
            files[f"{'LATE_' if student.late else ''}anon_x{n:02}Ab_{9000 + 10 * n + k}_{name}"] = data
    return files


def gradescope(students: tuple[Student, ...]) -> Files:
    """`submission_40000/gru.py`, and who that was in a YAML of Ruby's symbols."""
    files: Files = {}
    lines = ["---"]
    for n, student in enumerate(students):
        folder = f"submission_{40000 + n}"
        lines += [
            f"{folder}:",
            "  :submitters:",
            f"  - :name: {student.name}",
            f"    :sid: '{100 + n}'",
            f"    :email: s{n}@example.org",
            "  :created_at: 2026-10-11 09:11:01.123456000 Z",
            "  :score: 0.0",
            "  :status: processed",
            "  :history:",
            *(["  - :id: 3", "    :created_at: 2026-10-10 09:11:01.123456000 Z"] if student.again else []),
        ]
        lines[-1] = lines[-1] if student.again else "  :history: []"
        files |= {f"assignment_7_export/{folder}/{name}": data for name, data in student.files.items()}
    files["assignment_7_export/submission_metadata.yml"] = "\n".join(lines).encode()
    return files


def _moodle_name(n: int, student: Student) -> str:
    return f"{student.name.replace(chr(39), '')}_{12000 + n}_assignsubmission_file"


def _worksheet(students: tuple[Student, ...]) -> bytes:
    rows = ["Identifier,Full name,Status,Grade,Maximum Grade"]
    for n, student in enumerate(students):
        late = " - 2 hours 5 mins late" if student.late else ""
        rows.append(f"Participant {12000 + n},{student.name},Submitted for grading{late},,10.00")
    return "\n".join(rows).encode("utf-8-sig")


def moodle(students: tuple[Student, ...]) -> Files:
    """`Ada Right_12000_assignsubmission_file/gru.py`, and the grading worksheet beside."""
    files = {f"{_moodle_name(n, s)}/{name}": data for n, s in enumerate(students) for name, data in s.files.items()}
    return files | {"Grades-ML-HW5-99.csv": _worksheet(students)}


def moodle_flat(students: tuple[Student, ...]) -> Files:
    """`Ada Right_12000_assignsubmission_file_gru.py`."""
    return {f"{_moodle_name(n, s)}_{name}": data for n, s in enumerate(students) for name, data in s.files.items()}


def nbgrader(students: tuple[Student, ...]) -> Files:
    """`submitted/ada/gru/gru.py`; what lies beside `submitted` is nobody's."""
    files: Files = {
        "nbgrader_config.py": b"c = get_config()",
        "source/gru/gru.py": _code(WRONG),
        "release/gru/gru.py": b"",
    }
    for student in students:
        folder = f"submitted/{student.name}/gru"
        files |= {f"{folder}/{name}": data for name, data in student.files.items()}
        files[f"{folder}/timestamp.txt"] = b"2026-10-11 09:11:01.123456 UTC"
    return files


def _login(student: Student) -> str:
    return _letters(student.name).encode("ascii", "ignore").decode()


def _repository(student: Student) -> Files:
    return {**student.files, ".git/HEAD": b"ref: x", "README.md": b"# HW", "src/__init__.py": b""}


def github(students: tuple[Student, ...]) -> Files:
    """`gru-submissions/gru-ada/gru.py`."""
    return {f"gru-submissions/gru-{_login(s)}/{n}": d for s in students for n, d in _repository(s).items()}


def classroom50(students: tuple[Student, ...]) -> Files:
    """`ml-gru_submissions_2026_10_11_T_09_11_01/ml-gru-ada/gru.py`, with `scores.csv` at the root."""
    top = "ml-gru_submissions_2026_10_11_T_09_11_01"
    columns = (
        "username,first_name,last_name,email,section,score,max_score,datetime,submission_tag,submitted_by,review_url"
    )
    rows = [f"{columns},late,override"]
    files: Files = {}
    for student in students:
        first, _, last = student.name.partition(" ")
        late = "true" if student.late else "false"
        rows.append(f"{_login(student)},{first},{last},,,,,,submit/1,,,{late},")
        files |= {f"{top}/ml-gru-{_login(student)}/{n}": d for n, d in _repository(student).items()}
    return files | {f"{top}/scores.csv": "\n".join(rows).encode()}


def plain(students: tuple[Student, ...]) -> Files:
    """A folder for each student."""
    return {f"{student.name}/{name}": data for student in students for name, data in student.files.items()}


def zips(students: tuple[Student, ...]) -> Files:
    """A zip for each student, with all in one folder as many make it."""
    return {f"{s.name}.zip": zipped({f"hw/{name}": data for name, data in s.files.items()}) for s in students}


System = Callable[[tuple[Student, ...]], Files]
SYSTEMS: dict[str, tuple[str, System]] = {
    "canvas": ("canvas", canvas),
    "canvas-anonymous": ("canvas", canvas_anonymous),
    "gradescope": ("gradescope", gradescope),
    "moodle": ("moodle", moodle),
    "moodle-flat": ("moodle", moodle_flat),
    "nbgrader": ("nbgrader", nbgrader),
    "github-classroom": ("github-classroom", github),
    "classroom50": ("classroom50", classroom50),
    "plain": ("plain", plain),
    "zips": ("plain", zips),
}
"""The systems, and the layout that theirs is."""


def as_folder(files: Files, folder: Path) -> Path:
    """The export unpacked."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def as_zip(files: Files, folder: Path) -> Path:
    """The export as a zip, with what a Mac adds."""
    path = folder / "export.zip"
    path.write_bytes(zipped({**files, "__MACOSX/._x.py": b"\0\1", ".DS_Store": b"\0"}))
    return path
