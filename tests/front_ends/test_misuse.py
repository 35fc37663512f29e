"""What a command says where it was given something that it cannot use, or that is called by another name."""

import struct
import zipfile
from pathlib import Path

import pytest

from gru.cli import check, checking
from gru.cli.guard import INTERRUPTED
from tests.commands import gru
from tests.edited import edited

EXAMPLES = Path(__file__).parents[2] / "examples" / "submissions"
RIGHT, SLIP = EXAMPLES / "right.py", EXAMPLES / "dzr_without_h_prev.py"

USAGE = 2


@pytest.mark.parametrize("command", [["check"], ["train", "--cell"]])
def test_a_path_that_is_misspelt_is_a_mistake_on_the_command_line(command: list[str], tmp_path: Path) -> None:
    done = gru(*command, tmp_path / "nobody.py")
    assert done.exit_code == USAGE
    assert f"there is no file {tmp_path / 'nobody.py'}" in done.stderr
    assert gru(*command, tmp_path / ("n" * 300)).exit_code == USAGE


@pytest.mark.parametrize("command", [["check"], ["train", "--cell"]])
def test_a_folder_is_called_one(command: list[str], tmp_path: Path) -> None:
    done = gru(*command, tmp_path)
    assert done.exit_code == USAGE
    assert f"{tmp_path} is a folder: name a file in it; gru grade {tmp_path} is for a class" in done.stderr


@pytest.mark.parametrize("command", [[], ["check"], ["explain"], ["grade"], ["train"]])
def test_help_has_a_short_name(command: list[str]) -> None:
    done = gru(*command, "-h")
    assert done.exit_code == 0
    assert done.stdout == gru(*command, "--help").stdout


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", ["10", "(10)", "dzr", "equation-10"])
def test_a_check_has_the_names_that_explain_knows(name: str) -> None:
    done = gru("check", SLIP, "--only", name, "--problem", "0")
    assert done.exit_code == checking.SOME_WRONG
    assert "equation (10), dzr: wrong" in done.stdout
    assert "equation-9 " not in done.stdout
    assert "limit of equation (10), dzr" in gru("check", "--explain-limit", name).stdout


@pytest.mark.parametrize(("name", "near"), [("99", ""), ("None", ""), ("equation-100", "did you mean equation-10? ")])
def test_a_check_that_there_is_not_is_a_mistake(name: str, near: str) -> None:
    done = gru("check", SLIP, "--only", name)
    assert done.exit_code == USAGE
    assert f"no check has the id '{name}'; {near}the checks are interface, " in done.stderr


@pytest.mark.parametrize("name", ["5", "(5)", "zz", "equation-5"])
def test_an_equation_without_a_check_is_told_where_it_is_checked(name: str) -> None:
    done = gru("check", SLIP, "--only", name)
    assert done.exit_code == USAGE
    assert f"'{name}' is no check: a cell does not show zz; it is checked as a part of equation-1\n" in done.stderr


def test_the_form_that_was_meant_is_proposed() -> None:
    assert (
        "no form of the GRU is 'pytoch'; did you mean torch? there are "
        in gru("check", SLIP, "--form", "pytoch").stderr
    )


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            ["grade", EXAMPLES],
            "Missing option '--out'. Where the gradebook goes. For example: gru grade submissions --out",
        ),
        (["explain"], "Missing argument 'TOPIC'. For example: gru explain 10"),
        (["predict"], "Missing argument 'MODEL'. For example: gru predict model.npz 14 8"),
    ],
)
def test_what_is_missing_is_told_with_an_example(command: list[str], told: str) -> None:
    done = gru(*command)
    assert done.exit_code == USAGE
    assert told in done.stderr


def test_an_interruption_before_anything_was_judged_is_no_wrong_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "refuse_missing", interrupted)
    done = gru("check", SLIP)
    assert (done.exit_code, done.stderr) == (INTERRUPTED, "gru: interrupted\n")


@pytest.mark.parametrize(
    ("number", "depends"),
    [
        (5, "(1) is made of it, and through it (4) (8) (9)"),
        (6, "(2) is made of it, and through it (3) (4) (8)"),
        (7, "(3) is made of it, and through it (4) (8) (9)"),
        (24, "nothing in the cell: it is a result"),
    ],
)
def test_what_depends_on_an_equation_is_told(number: int, depends: str) -> None:
    """Also on a pre-activation, which no other formula names: a gate is computed from it."""
    assert f"  depends    {depends}" in gru("explain", number).stdout


def test_a_breakpoint_is_passed_over(tmp_path: Path) -> None:
    cell = tmp_path / "cell.py"
    cell.write_text(RIGHT.read_text(encoding="utf-8") + "\nbreakpoint()\n", encoding="utf-8")
    assert gru("check", cell, "--effort", "quick").exit_code == checking.ALL_RIGHT


@pytest.mark.full
def test_training_that_does_not_succeed_leads_to_the_check(tmp_path: Path) -> None:
    cell = tmp_path / "cell.py"
    source = RIGHT.read_text(encoding="utf-8").replace(
        "def backward(self, h_p, in_grad):", "def backward(self, h_p, d):"
    )
    cell.write_text(source.replace("in_grad", "(0 * d)"), encoding="utf-8")
    done = gru("train", "--cell", cell, "--epochs", 2)
    assert done.exit_code == 1
    assert f"not every pair is right; `gru check {cell}` tells whether a gradient is wrong" in done.stderr


# What a call that raised tells


def interface(tmp_path: Path, old: str, new: str) -> str:
    cell = tmp_path / "cell.py"
    cell.write_text(edited(RIGHT, (old, new)), encoding="utf-8")
    lines = gru("check", cell, "--only", "interface", "--effort", "quick").stdout.splitlines()
    return next(line for line in lines if line.startswith("  found"))


def test_blocks_that_were_never_set_are_told(tmp_path: Path) -> None:
    found = interface(tmp_path, "        self.get_params(W, U)\n", "")
    assert "has no attribute 'wz'" in found
    assert found.endswith("; wz is a block that get_params(W, U) sets, and forward is to call that first")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("w[:, :size], w[:, size:2*size], w[:, 2*size:]", "wz is an array of float64 of shape (3, 1), expected"),
        ("np.split(w, 3, axis=1)", "split_params returns no wz, expected"),
    ],
)
def test_blocks_that_are_columns_are_told_with_the_shape_expected(tmp_path: Path, columns: str, told: str) -> None:
    found = interface(tmp_path, "w[:size], w[size : 2 * size], w[2 * size :]", columns)
    assert f"; {told} (hidden, hidden) = (1, 1): a block is rows of what is stacked" in found


def test_the_line_that_raised_is_shown_cleaned(tmp_path: Path) -> None:
    line = "raise ValueError('no')  # \x1b[31m\u202e" + 200 * "x"
    found = interface(tmp_path, "        self.get_params(W, U)\n", f"        {line}\n")
    assert " in `raise ValueError('no')  # [31mxxx" in found
    assert found.isprintable()
    assert len(found) < 250


# Files that are damaged


def model(path: Path) -> Path:
    assert gru("train", "--epochs", 1, "--save", path).exit_code in (0, 1)
    return path


@pytest.mark.parametrize(("offset", "value"), [(6, 1), (8, 99), (8, 14), (4, 0xFFFF)])
def test_a_model_that_is_damaged_is_told_as_that(offset: int, value: int, tmp_path: Path) -> None:
    """An encrypted entry, compression by methods that there are not or not here, a version of the far future."""
    path = model(tmp_path / "model.npz")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        places = [entry.header_offset for entry in archive.infolist()]
        central = archive.start_dir
    for place in places:
        struct.pack_into("<H", data, place + offset, value)
    while data[central : central + 4] == b"PK\x01\x02":
        struct.pack_into("<H", data, central + offset + 2, value)
        lengths = struct.unpack_from("<HHH", data, central + 28)
        central += 46 + sum(lengths)
    path.write_bytes(data)
    done = gru("predict", path, 3, 1)
    assert done.exit_code == USAGE, done.exception
    assert "is no model, or a damaged one; `gru train --save` writes one" in done.stderr


def test_nothing_is_promised_of_a_gradebook_that_there_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    done = gru("grade", EXAMPLES, "--out", tmp_path / "out")
    assert done.exit_code == checking.OWN_FAILURE
    assert "Read-only file system" in done.stderr
    assert "judged before" not in done.stderr


def test_a_cell_that_is_made_of_something_else_is_told_what_it_is_made_of(tmp_path: Path) -> None:
    found = interface(tmp_path, "input_size, hidden_size):", "input_size, hidden_size, W, U):")
    assert "missing 2 required positional arguments" in found
    assert found.endswith("; a cell is made by its class with two numbers, (input_size, hidden_size)")


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "(self, input_size, hidden_size)",
            "(self, hidden_size, input_size)",
            "__init__ takes hidden_size, input_size,",
        ),
        ("forward(self, x, h_p, W, U)", "forward(self, h_p, x, W, U)", "forward takes h_p, x, W, U,"),
        ("backward(self, h_p, in_grad)", "backward(self, in_grad, h_p)", "backward takes in_grad, h_p,"),
    ],
)
def test_arguments_in_another_order_are_told(old: str, new: str, told: str, tmp_path: Path) -> None:
    cell = tmp_path / "cell.py"
    cell.write_text(RIGHT.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = gru("check", cell, "--effort", "quick")
    assert done.exit_code == checking.SOME_WRONG
    assert f"  note       {told} and is called with " in done.stdout


def test_a_file_that_cannot_be_written_is_told_by_its_own_name(tmp_path: Path) -> None:
    assert gru("grade", SLIP.parent, "--only", "right", "--effort", "quick", "--out", tmp_path / "out").exit_code == 0
    done = gru("export", tmp_path / "out", "--format", "csv", "--to", tmp_path / "nowhere" / "grades.csv")
    assert (done.exit_code, done.stderr) == (
        70,
        f"gru: {tmp_path / 'nowhere' / 'grades.csv'}: No such file or directory\n",
    )
