"""Bundles for systems that run the grader themselves: each is run here as its system runs it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from gru.grading.bundles import SYSTEMS
from gru.wheels import own_wheel
from tests.commands import gru
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
    done = gru(*arguments)
    assert done.exit_code == 0, done.output
    return folder


def script(path: Path, lines: str) -> None:
    """A program of the shell."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
    path.chmod(0o755)


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
    for path in folder.rglob("*"):
        if path.is_file() and path.read_bytes()[:2] == b"#!":
            assert os.access(path, os.X_OK)
            if b"bash" in path.read_bytes()[:30]:
                subprocess.run(["bash", "-n", str(path)], check=True)


@pytest.mark.full
def test_the_wheel_installs_and_runs(tmp_path: Path) -> None:
    """Without an index: it is a wheel as pip takes it, with templates and scripts; a document's examples run."""
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
    # As an engineer types them, far from the clone.
    page = shutil.copy(ROOT / "docs" / "any-function.md", tmp_path)
    run(
        *(sys.executable, "-m", "doctest", "-o", "ELLIPSIS", page),
        folder=tmp_path,
        PYTHONPATH=str(tmp_path / "site"),
    )
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
    assert gru(*arguments).exit_code == 0
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
    script(tmp_path / "bin" / "apt-get", "")
    if is_old:
        old = f'case "$*" in *version_info*3,*) exit 1;; esac\nexec {sys.executable} "$@"'
        script(tmp_path / "bin" / "python3", old)
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


def test_gradescope_without_any_python_says_what_to_choose(tmp_path: Path, rubric: Path) -> None:
    """The image's Python is too old, and neither GitHub nor an archive of packages is reached."""
    source = bundle("gradescope", tmp_path / "source", rubric)
    log = tmp_path / "log"
    script(tmp_path / "bin" / "python3", 'case "$*" in *version_info*|*"-m uv"*) exit 1;; esac')
    script(tmp_path / "bin" / "apt-get", f'echo "$*" >> {log}; [ "$1" = update ]')
    done = subprocess.run(
        ["bash", str(source / "setup.sh")],
        env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "GRU_HOME": str(tmp_path / "gru")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert log.read_text(encoding="utf-8").splitlines() == ["update", "install -y python3.11 python3.11-venv"]
    assert "gru: there is no Python 3.11 or later" in done.stderr
    assert "Ubuntu 24.04" in done.stderr


@pytest.mark.full
def test_classroom50(tmp_path: Path, rubric: Path) -> None:
    """In the student's checkout, with the runner's variables; the bundle lies elsewhere.

    The student's files have the names of this package and of one of Python's own, and are not taken for them.
    """
    autograder = bundle("classroom50", tmp_path / "autograders" / "gru", rubric) / "autograder.py"
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(WRONG, checkout / "gru.py")
    (checkout / "subprocess.py").write_text("raise SystemExit('a student is run')\n", encoding="utf-8")
    run(sys.executable, autograder, folder=checkout, CLASSROOM="ml", ASSIGNMENT="gru", USERNAME="ada")
    document = json.loads((checkout / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMAS["classroom50"])
    assert (document["usernames"], document["score"], document["max-score"]) == (["ada"], 2, 11)
    assert "equation (10), dzr: wrong" in (checkout / "release-body.md").read_text(encoding="utf-8")


@pytest.mark.full
def test_github_actions(tmp_path: Path, rubric: Path) -> None:
    """All steps of the workflow one after another, each in a shell of its own, in a fresh Python.

    What the wheel needs is there already, in place of PyPI.
    """
    folder = bundle("github-actions", tmp_path / "repository", rubric)
    workflow = yaml.safe_load((folder / ".github" / "workflows" / "gru.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["check"]["steps"]
    venv.create(tmp_path / "python", with_pip=True)
    path = f"{tmp_path / 'python' / 'bin'}:{os.environ['PATH']}"
    installed = [entry for entry in sys.path if entry.endswith("site-packages")]
    fresh = {"PATH": path, "PYTHONPATH": os.pathsep.join(installed), "PIP_NO_INDEX": "1"}
    shutil.copy(RIGHT, folder / "gru.py")
    for step in steps:
        if "run" in step:
            run("bash", "-e", "-c", step["run"], folder=folder, **fresh)
    kept = next(step["with"]["path"].split() for step in steps if "upload-artifact" in step.get("uses", ""))
    assert all((folder / name).exists() for name in kept)
    shutil.copy(WRONG, folder / "gru.py")
    with pytest.raises(subprocess.CalledProcessError) as red:
        run("bash", "-e", "-c", steps[-2]["run"], folder=folder, **fresh)
    assert red.value.returncode == 1
    assert all("h_prev is missing" in (folder / name).read_text(encoding="utf-8") for name in kept)


@pytest.mark.full
def test_prairielearn(tmp_path: Path, rubric: Path) -> None:
    """`/grade/student`, and `/gru` with what the image is made of and no more."""
    folder = bundle("prairielearn", tmp_path / "question", rubric)
    options = json.loads((folder / "info.json").read_text(encoding="utf-8"))["externalGradingOptions"]
    assert {"enabled", "image", "entrypoint", "timeout"} == set(options)
    copied = re.search(r"^COPY (.*) /gru/$", (folder / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert copied is not None
    image = tmp_path / "gru"
    image.mkdir()
    for pattern in copied[1].split():
        shutil.copy(*folder.glob(pattern), image)
    grade = tmp_path / "grade"
    (grade / "student").mkdir(parents=True)
    shutil.copy(WRONG, grade / "student" / "gru.py")
    run("bash", f"{tmp_path}{options['entrypoint']}", folder=tmp_path, GRADE=str(grade))
    document = json.loads((grade / "results" / "results.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMAS["prairielearn"])
    assert document["score"] == pytest.approx(1 / 5.5)


@pytest.mark.full
def test_autolab(tmp_path: Path, rubric: Path) -> None:
    """`make` in an empty folder that is given the archive, the Makefile under that name, and the handin."""
    bundled = bundle("autolab", tmp_path / "autolab", rubric)
    folder = tmp_path / "job"
    folder.mkdir()
    shutil.copy(RIGHT, folder / "handin.py")
    shutil.copy(bundled / "autograde-Makefile", folder / "Makefile")
    shutil.copy(bundled / "autograde.tar", folder)
    done = run("make", "-s", folder=folder)
    assert json.loads(done.stdout.splitlines()[-1]) == {"scores": {"equation-9": 1.0, "equation-10": 4.5}}


def test_a_folder_is_examined_by_the_file_that_defines_the_class(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    shutil.copy(RIGHT, tmp_path / "src" / "cell.py")
    (tmp_path / "util.py").write_text("x = 1\n", encoding="utf-8")
    done = gru("check", "--find", tmp_path, "--effort", "quick")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{tmp_path}/src/cell.py: right")
    shutil.rmtree(tmp_path / "src")
    (tmp_path / "util.py").unlink()
    done = gru("check", "--find", tmp_path)
    assert done.exit_code == 3
    assert "nothing was handed in" in done.stdout
