"""The exports: each follows its system's schema, with the smallest and the nastiest result."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from gru.grading.exports import FORMATS, OF_A_ROSTER, OF_A_STUDENT, ExportError, classroom50, filled, written
from gru.grading.exports.prairielearn import LARGEST
from gru.grading.exports.sheet import MARK
from gru.grading.exports.table import harmless
from gru.grading.gradebook import Gradebook
from gru.grading.record import Credit, Record, failure_of
from gru.grading.rubric import EQUAL_POINTS, Item, Rubric
from tests.commands import gru

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "submissions"

NASTY = "\x1b[2J\u202e<b>&\"']]>\x00\uffff =1+1\n" * 50


def record(student: str = "alice", **changes: Any) -> Record:
    credits = (
        Credit("equation-9", 2.0, 2.0, "right", "visible", "right"),
        Credit("equation-10", 0.0, 3.5, "wrong", "hidden", NASTY, "a factor"),
        Credit("merge", 0.0, 0.0, "inherited", "after_due_date", ""),
    )
    given: dict[str, Any] = {
        **{"student": student, "submission": f"{student}.py", "sha256": "0" * 64, "key": "k", "verdict": "wrong"},
        **{"reason": None, "text": "", "score": 2.0, "maximum": 5.5, "title": "GRU", "credits": credits},
        **{"statuses": {"equation-9": "right", "equation-10": "wrong", "merge": "inherited"}},
        **{"feedback": "alice.py: wrong\n", "visibility": "visible", "isolation": "process", "seed": 0, "seconds": 0.3},
    }
    return Record(**{**given, **changes})


FAILED = failure_of("fay", "fay.py", EQUAL_POINTS, "key", "Traceback\n")
RECORDS = {
    "ordinary": record(),
    "nasty": record('é\n"<b>', text=NASTY, feedback=NASTY * 10_000),
    "smallest": failure_of("s", "s.py", Rubric((Item("merge", 1),)), "", ""),
    "not examined": record("ned", verdict="not_examined", reason="timed_out", text="too long", score=0.0),
    "failed": FAILED,
}

NUMBER = {"type": "number", "minimum": 0}
TEXT = {"type": "string"}
VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}


def closed(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


SCHEMAS: dict[str, Any] = {
    "gradescope": closed(
        {
            **{"score": NUMBER, "execution_time": NUMBER, "output": TEXT, "visibility": VISIBILITY},
            "stdout_visibility": VISIBILITY,
            "tests": {
                "type": "array",
                "items": closed(
                    {
                        **{"score": NUMBER, "max_score": NUMBER, "status": {"enum": ["passed", "failed"]}},
                        **{"name": TEXT, "number": TEXT, "output": TEXT, "visibility": VISIBILITY},
                        "output_format": {"enum": ["text", "simple_format", "html", "md", "ansi"]},
                        "tags": {"type": "array", "items": TEXT},
                    }
                ),
            },
        },
        {
            **{key: {"enum": ["text", "html", "md", "ansi"]} for key in ("output_format", "test_output_format")},
            "test_name_format": {"const": "text"},
        },
    ),
    "prairielearn": {
        "oneOf": [
            closed({"gradable": {"const": False}, "format_errors": {"type": "array", "items": TEXT, "minItems": 1}}),
            closed(
                {
                    **{"gradable": {"const": True}, "score": {**NUMBER, "maximum": 1}, "message": TEXT, "output": TEXT},
                    "tests": {
                        "type": "array",
                        "items": closed(
                            {
                                **{"name": TEXT, "description": TEXT, "points": NUMBER, "max_points": NUMBER},
                                **{"message": TEXT, "output": TEXT},
                            }
                        ),
                    },
                }
            ),
        ]
    },
    "classroom": closed(
        {
            **{"version": {"const": 3}, "status": {"enum": ["pass", "fail", "error"]}, "message": TEXT},
            "max_score": NUMBER,
            "tests": {
                "type": "array",
                "items": closed(
                    {
                        **{"name": TEXT, "status": {"enum": ["pass", "fail", "error"]}, "message": TEXT},
                        **{"score": NUMBER, "test_code": TEXT, "filename": TEXT, "duration": NUMBER},
                        **{"line_no": {"type": "integer"}, "output": {"type": "string", "maxLength": 500}},
                    }
                ),
            },
        }
    ),
    "classroom50": closed(
        {
            "schema": {"const": "classroom50/result/v1"},
            **{name: {"type": "string", "minLength": 1} for name in ("classroom", "assignment", "submission")},
            **{name: {"type": "string", "minLength": 1} for name in ("commit", "release", "review", "datetime")},
            "usernames": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            **{name: {"type": "integer", "minimum": 0} for name in ("score", "max-score")},
            "tests": {
                "type": "array",
                "items": closed(
                    {
                        **{"test-name": TEXT, "passed": {"type": "boolean"}},
                        **{name: {"type": "integer", "minimum": 0} for name in ("score", "max-score")},
                    }
                ),
            },
        }
    ),
    "autolab": closed({"scores": {"type": "object", "additionalProperties": NUMBER}}),
    "json": closed(
        {
            **{"schema": {"const": 1}, "version": TEXT},
            "records": {
                "type": "array",
                "items": {"type": "object", "required": [name for name in record().as_data() if name != "page"]},
            },
        }
    ),
}


def strict(text: str) -> Any:
    """JSON without NaN and infinity, which no other reader knows."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("of", RECORDS.values(), ids=list(RECORDS))
@pytest.mark.parametrize("form", SCHEMAS)
def test_a_document_follows_its_schema(form: str, of: Record) -> None:
    (text,) = written(form, [of]).values()
    document = strict(text.splitlines()[-1] if form == "autolab" else text)
    jsonschema.validate(document, SCHEMAS[form])
    text.encode()


def test_a_schema_refuses_what_is_none() -> None:
    """The schemas see something: each refuses a document with a key taken out."""
    for form, schema in SCHEMAS.items():
        (text,) = written(form, [record()]).values()
        document = strict(text.splitlines()[-1] if form == "autolab" else text)
        document.popitem()
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, schema)


@pytest.mark.parametrize("of", RECORDS.values(), ids=list(RECORDS))
def test_prairielearn_takes_a_megabyte_at_most(of: Record) -> None:
    many = Record.of_data(of.as_data() | {"credits": [credit.__dict__ for credit in of.credits] * 60})
    (text,) = written("prairielearn", [many]).values()
    assert len(text.encode()) <= LARGEST


def test_hidden_checks_are_not_told_where_a_system_cannot_hide_them() -> None:
    for form in ("prairielearn", "classroom"):
        (text,) = written(form, [record()]).values()
        assert "equation-10" not in text


def test_gradescope_counts_what_the_rubric_counts() -> None:
    (text,) = written("gradescope", [record()]).values()
    document = strict(text)
    assert document["score"] == sum(test["score"] for test in document["tests"]) == 2
    assert [test["status"] for test in document["tests"]] == ["passed", "failed", "failed"]
    assert sum(test["max_score"] for test in document["tests"]) == 5.5


@pytest.mark.parametrize("said", ["equation (10)\n  [0]   1.5\n", "```\n<b>\n~~~\n````", "[a](javascript:b)"])
def test_nothing_of_a_report_is_markup_on_gradescope(said: str) -> None:
    credit = Credit("equation-10", 0.0, 1.0, "wrong", "visible", said)
    (text,) = written("gradescope", [record(credits=(credit,))]).values()
    (test,) = strict(text)["tests"]
    fence, *lines, end = test["output"].split("\n")
    assert test["output_format"] == "md"
    assert fence == f"{end}text"
    assert set(end) == {"`"}
    assert end not in said
    assert "\n".join(lines) == said.rstrip()


def test_a_failure_of_ours_is_no_zero_in_a_table() -> None:
    (text,) = written("csv", [record(), FAILED]).values()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["points"] for row in rows] == ["2", ""]
    assert rows[1]["verdict"] == "failed_to_grade"
    assert rows[0]["equation-10"] == "0"


def test_a_name_that_a_spreadsheet_would_compute_is_text() -> None:
    (text,) = written("csv", [record("=cmd|'/c calc'!A1")]).values()
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["student"].startswith("'=")


def test_junit_is_xml_with_the_points_as_properties() -> None:
    (text,) = written("junit", list(RECORDS.values())).values()
    suites = ElementTree.fromstring(text)
    assert len(suites) == len(RECORDS)
    case = suites[0][1]
    assert {p.get("name"): p.get("value") for p in case.iter("property")} == {
        "points": "0",
        "maximum": "3.5",
        "status": "wrong",
    }
    assert suites[0].get("failures") == "1"
    assert suites[3].get("errors") == "3"


# Canvas

ROSTER = """\
Student,ID,SIS User ID,SIS Login ID,Section,GRU cell (1234)
    Points Possible,,,,,5.5
"Doe, Jane",101,s1,alice,1,
"Roe, Rik",102,s2,rik,1,3
"""


def roster(folder: Path, text: str = ROSTER, encoding: str = "utf-8-sig") -> Path:
    path = folder / "roster.csv"
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("student", ["alice", "s1", "101", "Doe, Jane", "doejane_101_98765_gru_cell"])
def test_canvas_finds_a_student_and_leaves_the_rest_as_it_was(student: str, tmp_path: Path) -> None:
    (text,) = (filled("canvas", [record(student)], roster(tmp_path), "GRU cell").text,)
    assert text.startswith(MARK)
    before, after = (list(csv.reader(io.StringIO(t.removeprefix(MARK)))) for t in (ROSTER, text))
    assert after[2][-1] == "2"
    after[2][-1] = ""
    assert after == before


def test_a_table_with_semicolons_keeps_them(tmp_path: Path) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(csv.reader(io.StringIO(ROSTER)))
    text = filled("canvas", [record("alice")], roster(tmp_path, stream.getvalue()), "GRU cell").text
    after = list(csv.reader(io.StringIO(text.removeprefix(MARK)), delimiter=";"))
    assert after[2][-1] == "2"
    after[2][-1] = ""
    assert after == list(csv.reader(io.StringIO(ROSTER)))


def test_canvas_leaves_a_failure_of_ours_empty(tmp_path: Path) -> None:
    failed = failure_of("rik", "rik.py", EQUAL_POINTS, "", "")
    (text,) = (filled("canvas", [failed], roster(tmp_path), "GRU cell (1234)").text,)
    assert text.splitlines()[3].endswith(",3")


@pytest.mark.parametrize(
    ("text", "assignment", "student", "message"),
    [
        (ROSTER, None, "alice", "name the assignment's column"),
        (ROSTER, "LSTM", "alice", "no column 'LSTM'"),
        ("a,b\n", "a", "alice", "no gradebook of Canvas"),
        ("", "a", "alice", "no gradebook of Canvas"),
    ],
)
def test_canvas_says_what_it_needs(
    text: str, assignment: str | None, student: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=message.replace("(", r"\(")):
        filled("canvas", [record(student)], roster(tmp_path, text), assignment)


@pytest.mark.parametrize("form", OF_A_ROSTER)
def test_what_is_filled_in_needs_a_roster(form: str) -> None:
    with pytest.raises(ExportError, match="--roster"):
        written(form, [record()])


@pytest.mark.parametrize("text", [ROSTER, ROSTER.replace("rik", "alice")])
def test_who_is_in_no_row_is_told_and_the_rest_is_written(text: str, tmp_path: Path) -> None:
    """Nobody's where two have the same login."""
    table = filled("canvas", [record("zoe"), record("s2")], roster(tmp_path, text), "GRU cell")
    assert table.unmatched == ("zoe",)
    assert table.text.splitlines()[3].endswith(",2")


def test_a_maximum_that_is_another_is_warned_of(tmp_path: Path) -> None:
    other = ROSTER.replace("5.5", "10")
    assert filled("canvas", [record()], roster(tmp_path), "GRU cell").warnings == ()
    assert filled("canvas", [record()], roster(tmp_path, other), "GRU cell").warnings == (
        "at most 10 points are possible in the table, and 5.5 by the rubric",
    )


# Moodle

WORKSHEET = """\
Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Feedback comments
Participant 12356,Alia Xavier,77,alia@x.edu,Submitted for grading - 2 hours 5 mins late,,5.50,well
Participant 12357,Bo Young,78,bo@x.edu,No submission,1.00,5.50,
"""


@pytest.mark.parametrize(("student", "id"), [("Alia Xavier_12356", "12356"), ("77", ""), ("alia@x.edu", "")])
def test_moodle_finds_a_student_and_leaves_the_rest_as_it_was(student: str, id: str, tmp_path: Path) -> None:
    of = replace(record(student), id=id)
    table = filled("moodle", [of], roster(tmp_path, WORKSHEET), None)
    before, after = (list(csv.reader(io.StringIO(t.removeprefix(MARK)))) for t in (WORKSHEET, table.text))
    assert after[1][5] == "2"
    after[1][5] = ""
    assert after == before
    assert (table.warnings, table.unmatched) == ((), ())


def test_a_worksheet_in_another_language_wants_the_name_of_its_column(tmp_path: Path) -> None:
    """It is filled in with numbers, and begins, as it was exported."""
    german = (
        'ID,Vollständiger Name,Status,Bewertung,Bestwertung\nTeilnehmer/in12356,Alia Xavier,Zur Bewertung,,"5,50"\n'
    )
    of = replace(record("Alia Xavier_12356"), id="12356", score=2.5)
    with pytest.raises(ExportError, match="name the column of the grades with --assignment"):
        filled("moodle", [of], roster(tmp_path, german), None)
    plain = roster(tmp_path, german, "utf-8")
    assert filled("moodle", [of], plain, "Bewertung").text.splitlines() == [
        "ID,Vollständiger Name,Status,Bewertung,Bestwertung",
        'Teilnehmer/in12356,Alia Xavier,Zur Bewertung,"2,5","5,50"',
    ]
    other = roster(tmp_path, german.replace("5,50", "10,00"))
    assert len(filled("moodle", [of], other, "Bewertung").warnings) == 1


def test_moodle_warns_of_another_maximum(tmp_path: Path) -> None:
    table = filled("moodle", [record("77")], roster(tmp_path, WORKSHEET.replace("5.50", "100.00")), None)
    assert table.warnings == ("at most 100.00 points are possible in the table, and 5.5 by the rubric",)


def test_what_is_no_worksheet_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no grading worksheet of Moodle"):
        filled("moodle", [record()], roster(tmp_path), None)


# Classroom 50


def test_points_of_classroom50_are_whole_and_none_is_lost() -> None:
    environment = {"CLASSROOM": "ml", "ASSIGNMENT": "gru", "USERNAME": "ada", "SUBMISSION_TAG": "submit/1"}
    document = json.loads(classroom50.results(record(), environment))
    assert (document["classroom"], document["usernames"], document["submission"]) == ("ml", ["ada"], "submit/1")
    assert document["score"] == sum(test["score"] for test in document["tests"])
    assert document["max-score"] == sum(test["max-score"] for test in document["tests"])
    assert {type(test["score"]) for test in document["tests"]} == {int}
    credits = [credit for credit in record().credits if credit.visibility != "hidden"]
    shares = [test["score"] / document["max-score"] for test in document["tests"]]
    total = sum(credit.maximum for credit in credits)
    assert shares == pytest.approx([credit.points / total for credit in credits], rel=1e-15)


# The commands


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    with Gradebook(tmp_path, create=True) as book:
        for of in (record(), record("bob"), FAILED):
            book.put(of)
    return tmp_path


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in OF_A_ROSTER])
def test_a_gradebook_is_exported(form: str, graded: Path) -> None:
    to = graded / "to"
    assert gru("export", graded, "--format", form, "--to", to).exit_code == 0
    if form in OF_A_STUDENT:
        assert {path.stem for path in to.iterdir()} == {"alice", "bob", "fay"}
    else:
        assert to.read_text(encoding="utf-8") == gru("export", graded, "--format", form).stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "name the folder of a gradebook"),
        (["--format", "excel"], "there is no format 'excel'"),
        (["--format", "gradescope"], "name a folder with --to"),
        (["--format", "canvas"], "--roster"),
    ],
)
def test_a_wrong_export_is_told(arguments: list[str], text: str, graded: Path) -> None:
    done = gru("export", graded, *arguments)
    assert done.exit_code == 2
    assert text in done.stderr.replace("\n", " ")


def test_who_is_not_in_the_roster_is_told_by_the_exit_status_and_a_file(graded: Path) -> None:
    with Gradebook(graded) as book:
        for number in range(12):
            book.put(record(f"stranger {number:02}"))
    to = graded / "canvas.csv"
    arguments = ("--format", "canvas", "--roster", roster(graded), "--assignment", "GRU cell", "--to", to)
    done = gru("export", graded, *arguments)
    assert done.exit_code == 3
    assert "14 of 15 students are in no row of the roster: bob, fay, stranger 00" in done.stderr
    assert "stranger 07 and 4 more; all are in" in done.stderr
    assert len((graded / "unmatched.txt").read_text(encoding="utf-8").splitlines()) == 14
    assert to.read_text(encoding="utf-8").splitlines()[2].endswith(",2")


def test_a_folder_without_a_gradebook_is_told(tmp_path: Path) -> None:
    done = gru("export", tmp_path, "--format", "csv")
    assert done.exit_code == 70
    assert "has no gradebook" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_disk_is_told(graded: Path) -> None:
    done = gru("export", graded, "--format", "csv", "--to", "/dev/full")
    assert done.exit_code == 70
    assert "No space left" in done.stderr


@pytest.mark.full
def test_a_check_writes_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("[checks]\nequation-9 = 1\nequation-10 = 4\n", encoding="utf-8")
    file = EXAMPLES / "dzr_without_h_prev.py"
    reports = ("--report", "gradescope=g.json", "--report", "autolab=a.txt")
    done = gru("check", file, "--effort", "quick", "--feedback", "location", "--rubric", rubric, *reports)
    assert done.exit_code == 1
    assert strict(Path("g.json").read_text(encoding="utf-8"))["score"] == 1
    assert strict(Path("a.txt").read_text(encoding="utf-8").splitlines()[-1]) == {
        "scores": {"equation-9": 1, "equation-10": 0}
    }


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--report", "excel=a"], "expected FORMAT=FILE"),
        (["--report", "csv"], "expected FORMAT=FILE"),
        (["--report", "csv=/nowhere/a.csv"], "cannot write"),
        ([str(EXAMPLES / "right.py"), "--report", "autolab=a.txt"], "a report on one submission"),
    ],
)
def test_a_wrong_report_is_told_before_any_work(
    arguments: list[str], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = gru("check", EXAMPLES / "right.py", *arguments)
    assert done.exit_code == 2
    assert text in done.stderr.replace("\n", " ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_cell_that_a_spreadsheet_would_compute_is_text(start: str) -> None:
    assert harmless(f"{start}1+1") == f"'{start}1+1"
    assert harmless("1+1") == "1+1"
