"""Bundles for systems that run the grader themselves: each is run here as its system runs it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from gru.cli import commands as cli
from gru.grading.bundles import SYSTEMS
from gru.wheels import own_wheel
from tests.grading.classes import notebook
from tests.grading.test_exports import SCHEMAS

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "submissions"
RIGHT, WRONG = EXAMPLES / "right.py", EXAMPLES / "dzr_without_h_prev.py"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for a POSIX shell")


@pytest.fixture
def rubric(tmp_path: Path) -> Path:
    path = tmp_path / "rubric.toml"
    path.write_text("[checks]\nequation-9 = 1\nequation-10 = 4.5\n", encoding="utf-8")
    return path


def bundle(system: str, folder: Path, rubric: Path) -> Path:
    arguments = ["export", "--bundle", system, str(folder), "--rubric", str(rubric)]
    done = CliRunner().invoke(cli.main, arguments)
    assert done.exit_code == 0, done.output
    return folder


def run(*command: Any, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = os.environ | {"GRU_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=known | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_bundle_is_whole(system: str, tmp_path: Path, rubric: Path) -> None:
    folder = bundle(system, tmp_path / "bundle", rubric)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert len((folder / "README.md").read_text(encoding="utf-8").splitlines()) <= 7
    if system == "autolab":
        with tarfile.open(folder / "autograde.tar") as packed:
            files |= set(packed.getnames())
    assert {Path(name).name for name in files} >= {"rubric.toml", own_wheel()[0]}
    for script in folder.rglob("*"):
        if script.is_file() and script.read_bytes()[:2] == b"#!":
            assert os.access(script, os.X_OK)
            if b"bash" in script.read_bytes()[:30]:
                subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.full
def test_the_wheel_installs_and_runs(tmp_path: Path) -> None:
    """Without an index: it is a wheel as pip takes it, and has the templates and scripts in it."""
    name, data = own_wheel()
    (tmp_path / name).write_bytes(data)
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", tmp_path / "site")
    run(*pip, tmp_path / name, folder=tmp_path)
    out = run(
        *(sys.executable, "-m", "gru", "check", RIGHT, "--effort", "quick", "--html", tmp_path / "report.html"),
        folder=tmp_path,
        PYTHONPATH=str(tmp_path / "site"),
    )
    assert "right" in out.stdout
    where = run(
        sys.executable, "-c", "import gru; print(gru.__file__)", folder=tmp_path, PYTHONPATH=str(tmp_path / "site")
    )
    assert where.stdout.startswith(str(tmp_path))
    assert (tmp_path / "site" / "gru" / "grading" / "bundles" / "gradescope" / "setup.sh").exists()


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "contents", "score"),
    [
        ("my cell.py", RIGHT.read_bytes(), 5.5),
        ("hw/src/cell.py", WRONG.read_bytes(), 1),
        ("hw.ipynb", notebook(RIGHT.read_text(encoding="utf-8")), 5.5),
        ("report.pdf", b"%PDF", 0),
    ],
)
def test_gradescope(name: str, contents: bytes, score: float, tmp_path: Path, rubric: Path) -> None:
    """`/autograder/source`, `/autograder/submission`, and `run_autograder` beside them."""
    archive = tmp_path / "autograder.zip"
    arguments = ["export", "--gradescope-zip", str(archive), "--rubric", str(rubric)]
    assert CliRunner().invoke(cli.main, arguments).exit_code == 0
    root = tmp_path / "autograder"
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(root / "source")
    runner = shutil.copy(root / "source" / "run_autograder", root)
    path = root / "submission" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(contents)
    run("bash", runner, folder=root, AUTOGRADER=str(root))
    document = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMAS["gradescope"])
    assert document["score"] == score


@pytest.mark.full
@pytest.mark.parametrize("is_old", [False, True])
def test_gradescope_is_set_up(is_old: bool, tmp_path: Path, rubric: Path) -> None:
    """`setup.sh` as it is, with a folder of its own for /opt/gru and no apt-get; it needs PyPI.

    The image's Python is this one, or one that says it is older; the other one that uv finds then is in the path.
    """
    source = bundle("gradescope", tmp_path / "source", rubric)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "apt-get").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "bin" / "apt-get").chmod(0o755)
    if is_old:
        old = tmp_path / "bin" / "python3"
        old.write_text(f'#!/bin/sh\ncase "$*" in *version_info*3,*) exit 1;; esac\nexec {sys.executable} "$@"\n')
        old.chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    certificates = {name: value for name, value in os.environ.items() if name.startswith("SSL_CERT")}
    done = subprocess.run(
        ["bash", str(source / "setup.sh")],
        env={"PATH": path, "HOME": str(tmp_path), "GRU_HOME": str(tmp_path / "gru"), **certificates},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    checked = subprocess.run(
        [str(tmp_path / "gru" / "bin" / "python"), "-m", "gru", "check", str(RIGHT)], cwd=tmp_path, check=False
    )
    assert checked.returncode == 0


@pytest.mark.full
def test_classroom50(tmp_path: Path, rubric: Path) -> None:
    """In the student's checkout, with the runner's variables; the bundle lies elsewhere."""
    script = bundle("classroom50", tmp_path / "autograders" / "gru", rubric) / "autograder.py"
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(WRONG, checkout / "gru_cell.py")
    run(sys.executable, script, folder=checkout, CLASSROOM="ml", ASSIGNMENT="gru", USERNAME="ada")
    document = json.loads((checkout / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMAS["classroom50"])
    assert (document["usernames"], document["score"], document["max-score"]) == (["ada"], 2, 11)
    assert "equation (10), dzr: wrong" in (checkout / "release-body.md").read_text(encoding="utf-8")


@pytest.mark.full
def test_github_actions(tmp_path: Path, rubric: Path) -> None:
    """The commands of the workflow, but for those that install, in a repository with a student's file."""
    folder = bundle("github-actions", tmp_path / "repository", rubric)
    shutil.copy(RIGHT, folder / "gru_cell.py")
    workflow = yaml.safe_load((folder / ".github" / "workflows" / "gru.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["check"]["steps"]
    (command,) = (step["run"] for step in steps if step.get("run", "").startswith("gru "))
    run("bash", "-c", command.replace("gru check", f"{sys.executable} -m gru check", 1), folder=folder)
    kept = next(step["with"]["path"].split() for step in steps if "upload-artifact" in step.get("uses", ""))
    assert all((folder / name).exists() for name in kept)


@pytest.mark.full
def test_prairielearn(tmp_path: Path, rubric: Path) -> None:
    """`/grade/student`, and the script where the image has it."""
    folder = bundle("prairielearn", tmp_path / "gru", rubric)
    options = json.loads((folder / "info.json").read_text(encoding="utf-8"))["externalGradingOptions"]
    assert {"enabled", "image", "entrypoint", "timeout"} == set(options)
    copied = re.search(r"^COPY (.*) /gru/$", (folder / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert copied is not None
    assert all(list(folder.glob(pattern)) for pattern in copied[1].split())
    grade = tmp_path / "grade"
    (grade / "student").mkdir(parents=True)
    shutil.copy(WRONG, grade / "student" / "gru_cell.py")
    run("bash", folder / Path(options["entrypoint"]).name, folder=tmp_path, GRADE=str(grade))
    document = json.loads((grade / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMAS["prairielearn"])
    assert document["score"] == pytest.approx(1 / 5.5)


@pytest.mark.full
def test_autolab(tmp_path: Path, rubric: Path) -> None:
    """`make` in a folder with the archive, the Makefile and the handin."""
    folder = bundle("autolab", tmp_path / "autolab", rubric)
    shutil.copy(RIGHT, folder / "handin.py")
    (folder / "Makefile").write_bytes((folder / "autograde-Makefile").read_bytes())
    done = run("make", "-s", folder=folder)
    assert json.loads(done.stdout.splitlines()[-1]) == {"scores": {"equation-9": 1.0, "equation-10": 4.5}}


def test_a_folder_is_examined_by_the_file_that_defines_the_class(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    shutil.copy(RIGHT, tmp_path / "src" / "cell.py")
    (tmp_path / "util.py").write_text("x = 1\n", encoding="utf-8")
    done = CliRunner().invoke(cli.main, ["check", "--find", str(tmp_path), "--effort", "quick"])
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{tmp_path}/src/cell.py: right")
    shutil.rmtree(tmp_path / "src")
    (tmp_path / "util.py").unlink()
    done = CliRunner().invoke(cli.main, ["check", "--find", str(tmp_path)])
    assert done.exit_code == 3
    assert "nothing was handed in" in done.stdout
