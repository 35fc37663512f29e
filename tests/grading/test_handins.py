"""Hand-ins as schools' systems hand them over: every one has a row, and what is examined is the student's file."""

import io
import os
import random
import stat
import unicodedata
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gru.grading.gradebook import Gradebook
from gru.grading.handins import LAYOUTS, Entry, ExportRefusedError, read
from gru.grading.handins.layouts import recognised
from gru.grading.handins.tree import LARGEST_FILE, MOST_FILES, MOST_IN_A_FOLDER, tree_of
from tests.commands import gru
from tests.grading.classes import ANOTHER_NAME, RIGHT, STUDENTS, SYSTEMS, WRONG, as_folder, as_zip, notebook, zipped

NAMED = {system for system in SYSTEMS if system != "canvas-anonymous"}


def of_student(entries: tuple[Entry, ...], name: str) -> Entry:
    """The entry whose names have all letters of the student's, whatever a system makes of the name."""

    def letters(text: str) -> str:
        return "".join(sorted(c for c in unicodedata.normalize("NFC", text).lower() if c.isascii() and c.isalpha()))

    found = [e for e in entries if letters(name) in (letters(e.name), letters(e.student))]
    assert len(found) == 1, (name, [(e.name, e.student) for e in entries])
    return found[0]


@pytest.mark.parametrize("form", [as_folder, as_zip])
@pytest.mark.parametrize("system", sorted(NAMED))
def test_each_of_a_class_has_a_row_in_every_layout(system: str, form: Callable[..., Path], tmp_path: Path) -> None:
    layout, write = SYSTEMS[system]
    export = read(form(write(STUDENTS), tmp_path))
    assert export.layout == layout
    assert len(export.entries) == len(STUDENTS)
    for student in STUDENTS:
        entry = of_student(export.entries, student.name)
        if student.main:
            assert entry.main == student.main, student.name
            assert entry.opened()[1][student.main] == student.files[student.main]
        else:
            # A repository has what the course gave out beside it.
            assert entry.reason in (student.outcome, "no_gru_cell")
            assert entry.main is None
            assert ".pdf" in entry.text or ".zip" in entry.text
        junk = {"._gru.py", ".DS_Store"}
        assert not junk & set(entry.files)


def test_anonymous_names_of_canvas_are_told_apart(tmp_path: Path) -> None:
    layout, write = SYSTEMS["canvas-anonymous"]
    export = read(as_folder(write(STUDENTS), tmp_path))
    assert export.layout == layout
    assert [e.student for e in export.entries] == [f"anon_x{n:02}Ab" for n in range(len(STUDENTS))]
    assert [bool(e.late) for e in export.entries] == [student.late for student in STUDENTS]


@pytest.mark.parametrize("form", [as_folder, as_zip])
def test_a_class_may_lie_in_one_folder_and_a_project_is_none(form: Callable[..., Path], tmp_path: Path) -> None:
    def students(*files: str) -> list[str]:
        folder = tmp_path / str(len(files)) / files[0].replace("/", "-")
        folder.mkdir(parents=True)
        return [e.student for e in read(form(dict.fromkeys(files, RIGHT.encode()), folder)).entries]

    assert students("homework/al/gru.py", "homework/bo/gru.py", "homework/README.md") == ["al", "bo"]
    assert students("course/homework/doejane_1_2_gru.py", "course/homework/roebob_2_3_gru.py") == [
        "doejane_1",
        "roebob_2",
    ]
    assert students("al/src/gru.py", "al/tests/test_gru.py") == ["al"]
    assert students("al/gru.py", "al/one/more.py", "al/two/more.py", "al/README.md") == ["al"]


@pytest.mark.parametrize("page", ["text", "link"])
def test_what_was_typed_into_canvas_is_no_code(page: str, tmp_path: Path) -> None:
    names = ("doejane_LATE_7_9_gru.py", f"doejim_8_{page}.html", f"anon_aB3_{page}.html")
    entries = read(as_folder(dict.fromkeys(names, RIGHT.encode()), tmp_path)).entries
    assert [(e.student, e.reason) for e in entries] == [
        ("anon_aB3", "no_code"),
        ("doejane_7", None),
        ("doejim_8", "no_code"),
    ]
    assert f"it has {page}.html" in entries[-1].text
    assert not any(e.notes for e in entries)


@pytest.mark.parametrize(
    ("system", "late"),
    [("canvas", "late"), ("moodle", "2 hours 5 mins"), ("classroom50", "late")],
)
def test_lateness_is_kept(system: str, late: str, tmp_path: Path) -> None:
    entries = read(as_folder(SYSTEMS[system][1](STUDENTS), tmp_path)).entries
    assert {e.late for e in entries} == {"", late}
    assert of_student(entries, "Cleo Late").late == late


@pytest.mark.parametrize(
    ("columns", "participant", "handed_in", "late"),
    [
        (
            "Identifier,Full name,Email address,Status,Grade,Maximum grade,Last modified",
            "Participant ",
            "Submitted for grading",
            "{} late",
        ),
        (
            "ID;Vollständiger Name;E-Mail-Adresse;Status;Bewertung;Bestwertung;Zuletzt geändert",
            "Teilnehmer/in",
            "Zur Bewertung abgegeben",
            "{} verspätet",
        ),
        ("识别号,全名,Email地址,状态,成绩,最高分,最后修改", "参与者", "已提交，等待评分", "迟交 {}"),
    ],
)
def test_a_worksheet_of_moodle_in_any_language_tells_names_and_lateness(
    columns: str, participant: str, handed_in: str, late: str, tmp_path: Path
) -> None:
    """An extension that ends at a date is no lateness, nor is what a teacher has remarked."""
    separator = ";" if ";" in columns else ","
    rows = [f"{columns}{separator}Comments"]
    status = {"Ann O'Hara": [], "Bo": [late.format("2 h 5 min")], "Cy": ["Extension: Monday, 12 October 2026, 9:00"]}
    for number, (name, said) in enumerate(status.items(), 100):
        cells = [
            f"{participant}{number}",
            name,
            "x@y.org",
            " - ".join([handed_in, *said]),
            "",
            "10.00",
            "9:00",
            "Ok - 2",
        ]
        rows.append(separator.join(f'"{cell}"' for cell in cells))
    files = {f"{name.replace(chr(39), '')}_{n}_assignsubmission_file/g.py": b"" for n, name in enumerate(status, 100)}
    export = read(as_folder({**files, "sheet.csv": "\n".join(rows).encode("utf-8-sig")}, tmp_path))
    told = late.format("2 h 5 min").removesuffix(" late")
    assert [(entry.name, entry.late) for entry in export.entries] == [("Ann O'Hara", ""), ("Bo", told), ("Cy", "")]
    assert not export.left_out


def test_what_jupyter_keeps_beside_a_notebook_is_not_taken_for_it(tmp_path: Path) -> None:
    names = ("doe_7_9_gru-checkpoint.ipynb", "doe_7_8_gru.ipynb", "roe_8_10_gru-checkpoint.ipynb")
    entries = read(as_folder(dict.fromkeys(names, notebook(RIGHT)), tmp_path)).entries
    assert [entry.main for entry in entries] == ["gru.ipynb", "gru-checkpoint.ipynb"]


def test_of_two_files_of_one_name_in_canvas_the_later_is_taken(tmp_path: Path) -> None:
    files = {"doe_7_10_gru.py": RIGHT.encode(), "doe_7_9_gru.py": WRONG.encode()}
    (entry,) = read(as_folder(files, tmp_path)).entries
    assert entry.opened()[1] == {"gru.py": RIGHT.encode()}
    assert entry.notes == ("it has gru.py twice; that of the larger number is taken",)


@pytest.mark.parametrize("system", ["canvas", "gradescope"])
def test_attempts_are_kept(system: str, tmp_path: Path) -> None:
    entries = read(as_folder(SYSTEMS[system][1](STUDENTS), tmp_path)).entries
    assert {e.attempt for e in entries} == {1, 2}
    assert of_student(entries, "Dan Again").attempt == 2


def test_ids_of_the_system_are_kept(tmp_path: Path) -> None:
    for system, id in (("canvas", "100"), ("gradescope", "100"), ("moodle", "12000"), ("classroom50", "rightada")):
        entries = read(as_folder(SYSTEMS[system][1](STUDENTS), tmp_path / system)).entries
        assert of_student(entries, "Ada Right").id == id


def test_two_classes_are_told(tmp_path: Path) -> None:
    entries = read(as_folder(SYSTEMS["plain"][1](STUDENTS), tmp_path)).entries
    assert of_student(entries, "Hal Two").notes == ("gru_cell.py is examined; old.py has such a class too",)


def test_a_class_of_another_name_is_taken_and_told(tmp_path: Path) -> None:
    as_folder({"a/mine.py": ANOTHER_NAME.encode(), "a/plot.py": b"def plot(): ..."}, tmp_path)
    (entry,) = read(tmp_path).entries
    assert entry.main == "mine.py"
    assert entry.notes == ("no file defines a class GRUCell; mine.py is examined, which has a class MyGRU",)


def test_a_source_folder_is_looked_into(tmp_path: Path) -> None:
    as_folder({"a/src/cell.py": RIGHT.encode(), "a/README.md": b"", "a/src/util.py": b""}, tmp_path)
    (entry,) = read(tmp_path).entries
    assert (entry.main, entry.origin) == ("src/cell.py", "a/src/cell.py")
    assert set(entry.files) == {"src/cell.py", "src/util.py", "README.md"}


def test_the_one_zip_that_a_student_has_handed_in_is_opened(tmp_path: Path) -> None:
    files = {
        "doejane_LATE_7_9_hw.zip": zipped({"hw/gru.py": RIGHT.encode(), "hw/gates.py": b"", "__MACOSX/._x": b""}),
        "doejim_8_10_a.zip": zipped({"gru.py": RIGHT.encode()}),
        "doejim_8_11_b.zip": zipped({"gru.py": RIGHT.encode()}),
        "roeal_9_12_hw.zip": b"PK\3\4no zip",
        "roeal_9_13_report.pdf": b"%PDF",
    }
    jane, jim, al = read(as_folder(files, tmp_path)).entries
    assert (jane.main, set(jane.files), jane.late) == ("gru.py", {"gru.py", "gates.py"}, "late")
    assert jane.origin == "doejane_LATE_7_9_hw.zip/hw/gru.py"
    assert jane.opened()[1]["gru.py"] == RIGHT.encode()
    assert (jim.reason, jim.text.partition(";")[0]) == ("no_code", "it has a.zip, b.zip")
    assert "of several zips none is opened" in jim.text
    assert (al.reason, al.text) == ("refused", "hw.zip: the zip cannot be read: File is not a zip file")


def test_an_ending_that_a_browser_has_put_behind_a_name_is_taken_off(tmp_path: Path) -> None:
    files = {"al/gru.py.txt": RIGHT.encode(), "bo/hw.ipynb.json": b"{}", "cy/gru.py": b"1", "cy/gru.py.txt": b"2"}
    entries = read(as_folder(files, tmp_path)).entries
    assert [(e.main, e.origin) for e in entries] == [
        ("gru.py", "al/gru.py.txt"),
        ("hw.ipynb", "bo/hw.ipynb.json"),
        ("gru.py", "cy/gru.py"),
    ]
    assert entries[2].files == ("gru.py", "gru.py.txt")


def test_a_student_is_called_as_the_file_is_whatever_its_ending(tmp_path: Path) -> None:
    as_folder({name: RIGHT.encode() for name in ("al.PY", "bo.py.txt", "cy.py", "di.ZIP", "ed.py", "ed.PY")}, tmp_path)
    assert [entry.student for entry in read(tmp_path).entries] == ["al", "bo", "cy", "di", "ed.PY", "ed.py"]


def test_a_number_behind_a_name_is_canvas_s_where_another_has_the_name_without(tmp_path: Path) -> None:
    names = ("o_neil_ann_LATE_1_11_gru-2.py", "roebob_2_12_gru.py", "doecy_3_13_hw-5.py", "doecy_3_14_util.py")
    entries = read(as_folder(dict.fromkeys(names, RIGHT.encode()), tmp_path)).entries
    assert [(e.name, e.id, e.main, e.attempt) for e in entries] == [
        ("doecy", "3", "hw.py", None),
        ("o_neil_ann", "1", "gru.py", 3),
        ("roebob", "2", "gru.py", 1),
    ]


def test_several_files_without_the_class_are_a_reason(tmp_path: Path) -> None:
    as_folder({"a/x.py": b"1", "a/y.py": b"2"}, tmp_path)
    (entry,) = read(tmp_path).entries
    assert (entry.reason, entry.text) == ("no_gru_cell", "none of its 2 files defines a class GRUCell: x.py, y.py")


def test_two_students_of_one_name_are_two_rows(tmp_path: Path) -> None:
    as_folder({"leekim_1_10_gru.py": RIGHT.encode(), "leekim_2_11_gru.py": WRONG.encode()}, tmp_path)
    assert [(e.student, e.name, e.id) for e in read(tmp_path).entries] == [
        ("leekim_1", "leekim", "1"),
        ("leekim_2", "leekim", "2"),
    ]


def test_those_who_hand_in_together_have_a_row_each(tmp_path: Path) -> None:
    metadata = "submission_1:\n  :submitters:\n  - :name: Al\n    :email: al@x\n  - :name: Bo\n    :email: bo@x\n"
    as_folder({"submission_metadata.yml": metadata.encode(), "submission_1/gru.py": RIGHT.encode()}, tmp_path)
    entries = read(tmp_path).entries
    assert [(e.student, e.notes) for e in entries] == [
        ("Al_al@x", ("handed in together with Bo",)),
        ("Bo_bo@x", ("handed in together with Al",)),
    ]


def test_who_has_accepted_and_handed_in_nothing_has_a_row(tmp_path: Path) -> None:
    as_folder({"scores.csv": b"username,late\nal,\nbo,\n", "ml-hw-al/gru.py": RIGHT.encode()}, tmp_path)
    entries = read(tmp_path).entries
    assert [(e.student, e.reason) for e in entries] == [("al", None), ("bo", "no_code")]


def test_several_assignments_of_nbgrader_want_a_name(tmp_path: Path) -> None:
    as_folder({"submitted/al/hw1/x.py": b"", "submitted/al/hw2/gru.py": RIGHT.encode(), "release/x": b""}, tmp_path)
    with pytest.raises(ExportRefusedError, match="2 assignments: name one of hw1, hw2 with --assignment"):
        read(tmp_path)
    (entry,) = read(tmp_path, assignment="hw2").entries
    assert (entry.student, entry.main) == ("al", "gru.py")


def test_a_layout_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    as_folder({"leekim_1_10_gru.py": RIGHT.encode()}, tmp_path)
    assert read(tmp_path, "plain").entries[0].student == "leekim_1_10_gru"
    assert read(tmp_path, "canvas").entries[0].student == "leekim_1"


def test_what_lies_beside_the_hand_ins_is_told(tmp_path: Path) -> None:
    as_folder({"al.py": b"", "README.md": b"", "roster.csv": b"", "essay.pdf": b""}, tmp_path)
    export = read(tmp_path)
    assert [(e.student, e.reason) for e in export.entries] == [("al", None), ("essay.pdf", "no_code")]
    assert export.left_out == ("README.md", "roster.csv")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_layout_fails_on_another_s_export(layout: str, tmp_path: Path) -> None:
    for system, (_, write) in SYSTEMS.items():
        export = as_folder(write(STUDENTS[:3]), tmp_path / system)
        with suppress(ExportRefusedError):
            # Folders within the students' may be taken for several assignments.
            with_layout = read(export, layout)
            assert all(entry.text for entry in with_layout.entries if entry.main is None)


# What is refused


def test_a_zip_that_leads_out_is_refused(tmp_path: Path) -> None:
    for name in ("../evil.py", "/etc/evil.py", "a/../../evil.py", "C:/evil.py", "..\\evil.py"):
        (tmp_path / "x.zip").write_bytes(zipped({"al/gru.py": b"", name: b""}))
        with pytest.raises(ExportRefusedError, match="leads out of the archive"):
            read(tmp_path / "x.zip")


@pytest.mark.skipif(os.name == "nt", reason="names with a colon are those of drives and streams there")
def test_a_colon_in_a_name_leads_nowhere(tmp_path: Path) -> None:
    for number, export in enumerate(({"al:2.py": RIGHT.encode()}, {"b:1/gru:final.py": RIGHT.encode()})):
        folder = tmp_path / str(number)
        as_folder(export, folder)
        archive = tmp_path / f"{number}.zip"
        archive.write_bytes(zipped(export))
        for given in (folder, archive):
            (entry,) = read(given).entries
            assert entry.main is not None, entry.reason


def test_a_student_s_zip_that_leads_out_is_a_row(tmp_path: Path) -> None:
    as_folder({"al.zip": zipped({"../evil.py": b""}), "bo.py": RIGHT.encode(), "cy.zip": b"PK\3\4no zip"}, tmp_path)
    entries = read(tmp_path).entries
    assert [(e.student, e.reason) for e in entries] == [("al", "refused"), ("bo", None), ("cy", "refused")]
    assert "'../evil.py', which leads out of the archive" in entries[0].text


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("al/gru.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bo/gru.py", RIGHT)
    (tmp_path / "x.zip").write_bytes(stream.getvalue())
    al, bo = read(tmp_path / "x.zip").entries
    assert (al.reason, al.text) == ("refused", "gru.py: it is a symbolic link; expected the file itself")
    assert bo.main == "gru.py"


def test_a_bomb_is_refused_unread(tmp_path: Path) -> None:
    bomb = zipped({"al/gru.py": bytes(LARGEST_FILE + 1), "bo/gru.py": RIGHT.encode()})
    assert len(bomb) < LARGEST_FILE / 100
    (tmp_path / "x.zip").write_bytes(bomb)
    al, bo = read(tmp_path / "x.zip").entries
    assert (al.reason, al.text) == ("refused", "gru.py: it is 16 MiB; at most 16 MiB are read")
    assert bo.main == "gru.py"


def test_many_large_files_are_refused(tmp_path: Path) -> None:
    data = bytes(LARGEST_FILE)
    (tmp_path / "x.zip").write_bytes(zipped({**{f"al/{n}.py": data for n in range(5)}, "bo/gru.py": b""}))
    al, bo = read(tmp_path / "x.zip").entries
    assert (al.reason, al.text) == ("refused", "its files are 80 MiB together; at most 64 MiB are read")
    assert bo.main == "gru.py"


@pytest.mark.full
def test_a_hundred_thousand_files_are_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("bo/gru.py", RIGHT)
        for number in range(100_000):
            archive.writestr(f"al/{number}.py", b"")
    (tmp_path / "x.zip").write_bytes(stream.getvalue())
    al, bo = read(tmp_path / "x.zip").entries
    assert (al.reason, al.text) == ("refused", f"it has 100,000 files; at most {MOST_FILES:,} are read")
    assert bo.main == "gru.py"


@pytest.mark.full
def test_a_class_of_a_hundred_thousand_files_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(MOST_IN_A_FOLDER + 1):
            archive.writestr(f"{number}.py", b"")
    (tmp_path / "x.zip").write_bytes(stream.getvalue())
    with pytest.raises(ExportRefusedError, match=f"at most {MOST_IN_A_FOLDER:,} may lie side by side"):
        read(tmp_path / "x.zip")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("e" * 300 + ".py", "too long"),
        ("a/" * 500 + "gru.py", "too long"),
        ("gru.py/more.py", "a file and as a folder"),
    ],
)
def test_names_that_no_folder_takes_are_a_row(name: str, told: str, tmp_path: Path) -> None:
    as_folder({"al.zip": zipped({"gru.py": b"", name: b""}), "bo.py": b""}, tmp_path)
    al, bo = read(tmp_path).entries
    assert (al.reason, bo.main) == ("refused", "bo.py")
    assert told in al.text


def test_a_gradebook_among_the_hand_ins_is_nobody_s(tmp_path: Path) -> None:
    book = {"grades/gradebook.sqlite": b"", "grades/feedback/al.txt": b""}
    export = read(as_folder({"al.py": b"", "bo/gru.py": b"", "bo/gradebook.sqlite": b"", **book}, tmp_path))
    assert [e.student for e in export.entries] == ["al", "bo"]
    assert export.left_out == ("grades",)


def test_names_that_clash_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped({"al/gru.py": b"", "al/GRU.py": b"", "bo/gru.py": b""}))
    al, bo = read(tmp_path / "x.zip").entries
    assert (al.reason, al.text) == ("refused", "it has both gru.py and GRU.py, which are one file on many systems")
    assert bo.main == "gru.py"


@pytest.mark.parametrize("content", [b"", b"PK\5\6" + bytes(18), b"no zip at all"])
def test_a_file_that_is_no_export_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    done = gru("grade", tmp_path / "x.zip", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "expected" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("metadata", ["a: [", "- 1", "!!python/object:os.system {}"])
def test_metadata_that_cannot_be_read_is_told(metadata: str, tmp_path: Path) -> None:
    as_folder({"submission_metadata.yml": metadata.encode(), "submission_1/gru.py": RIGHT.encode()}, tmp_path)
    with pytest.raises(ExportRefusedError, match=r"submission_metadata.yml cannot be read"):
        read(tmp_path)


@pytest.mark.parametrize("metadata", ["submission_1: &a [*a]", "submission_1:\n  :submitters: 3", "x: {}"])
def test_odd_metadata_leaves_each_hand_in_its_row(metadata: str, tmp_path: Path) -> None:
    as_folder({"submission_metadata.yml": metadata.encode(), "submission_1/gru.py": RIGHT.encode()}, tmp_path)
    assert "submission_1/gru.py" in [entry.origin for entry in read(tmp_path).entries]


@pytest.mark.skipif(os.name == "nt", reason="no such files there")
def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "al").mkdir()
    os.mkfifo(tmp_path / "al" / "gru.py")
    (entry,) = read(tmp_path).entries
    assert (entry.main, entry.reason) == (None, "no_code")


def test_recognising_reads_no_hand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large a class is, its layout is told by names alone and the system's own tables."""
    for system, (layout, write) in SYSTEMS.items():
        tree = tree_of(as_folder(write(STUDENTS), tmp_path / system))
        opened: list[str] = []
        object.__setattr__(tree, "read", lambda path, t=tree.read, o=opened: o.append(path) or t(path))
        assert recognised(tree)[0] == layout
        assert not [path for path in opened if path.endswith(".py")]


def test_a_file_that_cannot_be_read_is_a_row_with_the_reason(tmp_path: Path) -> None:
    """It is no file that is not there, and what can be read of the others is there."""
    path = as_zip({"al.py": b"a = 1\n" * 50, "bo/gru.py": b"b = 1\n" * 50, "bo/gates.py": b"c = 1\n"}, tmp_path)
    with zipfile.ZipFile(path) as archive:
        starts = [archive.getinfo(name).header_offset for name in ("al.py", "bo/gates.py")]
    data = bytearray(path.read_bytes())
    for start in starts:
        data[start : start + 4] = b"none"
    path.write_bytes(data)
    (al, nothing), (bo, contents) = (entry.opened() for entry in read(path, pattern="**/[ag][lr]*.py").entries)
    assert (al.main, al.reason, nothing) == (None, "refused", {})
    assert al.text.startswith("al.py cannot be read: the zip cannot be read")
    assert (bo.main, bo.reason, [*contents]) == ("gru.py", None, ["gru.py"])


# Graded


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_many_processes_read_one_zip(tmp_path: Path) -> None:
    """As the judges of a class do: each reads what it wants, wherever the others are in the file."""
    drawn = random.Random(0)
    files = {f"s{n}.py": drawn.randbytes(100_000) for n in range(4)}
    entries = read(as_zip(files, tmp_path)).entries
    held, to_begin = os.pipe()
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            os.close(to_begin)
            os.read(held, 1)
            is_whole = all(e.opened() == (e, {e.main: files[str(e.main)]}) for _ in range(60) for e in entries)
            os._exit(0 if is_whole else 1)
        children.append(child)
    os.close(to_begin)
    os.close(held)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(children)


@pytest.mark.full
def test_a_class_from_canvas_is_graded(tmp_path: Path) -> None:
    """Each student's verdict, from a zip: a module handed in again is importable by its own name."""
    export = as_zip(SYSTEMS["canvas"][1](STUDENTS), tmp_path)
    arguments = ["grade", str(export), "--out", str(tmp_path / "out"), "--effort", "quick"]
    done = gru(*arguments)
    assert done.exit_code == 0, done.output
    assert "taken as an export of Canvas, 14 hand-ins (--layout canvas)" in done.stderr
    with Gradebook(tmp_path / "out") as book:
        found = {record.student: record for record in book.records()}
    for n, student in enumerate(STUDENTS):
        (record,) = (record for record in found.values() if record.id == str(100 + n))
        assert student.outcome in (record.verdict, record.reason), student.name
    exported = gru("export", tmp_path / "out", "--format", "csv").stdout
    assert "latecleo_102,latecleo,102,late,1,latecleo_LATE_102_9020_mine.py,right" in exported
    assert "late" in (tmp_path / "out" / "overview.txt").read_text(encoding="utf-8")


def test_a_file_in_a_source_folder_imports_from_both(tmp_path: Path) -> None:
    files = {
        "al/src/cell.py": b"from gates import a\nfrom src.more import b\n" + RIGHT.encode(),
        "al/gates.py": b"a = 1\n",
        "al/src/more.py": b"b = 1\n",
    }
    as_folder(files, tmp_path / "class")
    arguments = ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out"), "--effort", "quick"]
    assert gru(*arguments).exit_code == 0
    with Gradebook(tmp_path / "out") as book:
        (record,) = book.records()
    assert (record.verdict, record.submission) == ("right", "al/src/cell.py"), record.text
