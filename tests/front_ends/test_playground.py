"""The playground without a browser: the folder that is written, the server, and what runs in the page."""

import base64
import hashlib
import json
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gru.layers.registry import form_described
from gru.playground import folder
from gru.playground.judge import FILE, judged
from gru.playground.serve import address, server
from tests.commands import gru
from tests.front_ends.documents import offered

ROOT = Path(__file__).parents[2]
RIGHT = (ROOT / "examples/submissions/right.py").read_text(encoding="utf-8")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_the_folder_has_all_that_the_page_asks_for(tmp_path: Path) -> None:
    answer = gru("playground", "--out", tmp_path / "site")
    assert answer.exit_code == 0, answer.output
    files = {path.name: path.read_bytes() for path in (tmp_path / "site").iterdir()}
    assert {"index.html", "page.js", "worker.js", "editor.js", "style.css", "examples.json"} <= files.keys()
    runtime = json.loads(files["runtime.json"])
    for name, source in runtime["files"].items():
        if source["url"].startswith("https://"):
            continue
        found = base64.b64encode(hashlib.sha256(files[name]).digest()).decode()
        assert source == {"url": name, "integrity": f"sha256-{found}"}
    assert set(runtime["files"]) == {*folder.names(), *runtime["wheels"]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--serve", "--out", "x"], "--out DIR writes the page, --serve serves it: give one of them"),
        (["--out", "x", "--offline", "."], "pyodide.js, pyodide.asm.js, pyodide.asm.wasm, python_stdlib.zip"),
        (["--out", "taken"], "cannot write taken"),
    ],
)
def test_a_mistake_in_the_command_is_told(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/index.html").mkdir()
    (tmp_path / "taken/index.html/x").touch()
    answer = gru("playground", *arguments)
    assert (answer.exit_code, said in " ".join(answer.output.split())) == (2, True), answer.output


def test_a_file_that_is_another_is_not_taken(tmp_path: Path) -> None:
    for name in folder.names():
        (tmp_path / name).write_bytes(b"another")
    with pytest.raises(folder.PlaygroundError, match=r"pyodide\.js is another pyodide\.js"):
        folder.files([tmp_path])


def test_the_server_hands_out_its_files_and_nothing_else() -> None:
    with server({"index.html": b"<p>here", "page.js": b"1"}) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        for name, kind in (("", "text/html"), ("page.js?x=1#y", "text/javascript")):
            with urllib.request.urlopen(address(running) + name) as answer:
                assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
        for name in ("setup.cfg", "../setup.cfg", "%2e%2e/setup.cfg"):
            with pytest.raises(urllib.error.HTTPError, match="404") as refused:
                urllib.request.urlopen(address(running) + name)
            # The error holds the answer open.
            refused.value.close()
        running.shutdown()


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_the_command_serves_until_it_is_interrupted() -> None:
    # A program that was started with SIGINT ignored, as in the background of a script, goes on ignoring it.
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from gru.cli import main; main()"
    command = [sys.executable, "-u", "-c", start, "playground", "--serve", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        url = running.stdout.readline().split()[0]
        with urllib.request.urlopen(url) as answer:
            assert b"not for grading" in answer.read()
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0


@pytest.mark.parametrize(
    ("text", "verdict", "said"),
    [
        (RIGHT, "right", "Right in all that was asked for"),
        ("def (", "not_examined", "Not examined: the file is not Python"),
        ("\udc80", "not_examined", "Not examined: the file is not Python"),
    ],
    ids=["right", "no Python", "no text"],
)
def test_the_page_says_what_was_found(
    text: str, verdict: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told: list[tuple[int, int]] = []
    found = judged(text, "gru/chapter", lambda done, total: told.append((done, total)))
    assert found["verdict"] == verdict
    assert found["said"].startswith(said)
    assert f"<bdi>{FILE}</bdi>" in found["html"]
    assert bool(told) == (verdict == "right")


@pytest.mark.parametrize("asked", folder.ASKED)
def test_what_the_page_can_ask_for_is_there(asked: str) -> None:
    layer, _, form = asked.partition("/")
    assert form_described(form, layer).layer.id == layer


@pytest.mark.full
def test_the_form_that_is_asked_for_is_the_one_that_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    swapped = (ROOT / "examples/submissions/swapped_gate.py").read_text(encoding="utf-8")
    assert judged(swapped, "gru/swapped", lambda done, total: None)["verdict"] == "right"


def test_the_editor_is_made_of_what_stands_in_web() -> None:
    built = json.loads((ROOT / "web/built.json").read_text(encoding="utf-8"))
    stale = "the editor is stale: npm --prefix web ci && npm --prefix web run build"
    assert built["made"] == _sha256((folder.PAGE / "editor.js").read_bytes()), stale
    assert built["of"] == {name: _sha256((ROOT / "web" / name).read_bytes()) for name in built["of"]}, stale


def test_the_examples_are_those_of_the_project() -> None:
    stale = "the examples are stale: python tests/front_ends/documents.py"
    assert (folder.PAGE / "examples.json").read_text(encoding="utf-8") == offered(), stale
