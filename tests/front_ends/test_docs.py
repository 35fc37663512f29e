"""The documents: every command and example in them is run, and every link leads somewhere."""

import doctest
import re
from pathlib import Path
from typing import Any

import pytest

from gru.cli.check import check
from gru.examiner import CHECKS
from gru.grading import rubric
from gru.layers.gru.equations import EXPOSED
from gru.layers.registry import form_named
from gru.mistakes import catalogue
from gru.report.equations_page import page
from tests.forms import FORMS
from tests.front_ends.documents import (
    DOCUMENTS,
    PAGES,
    ROOT,
    Block,
    blocks,
    examples,
    is_shown_by,
    rewritten,
    run,
    shortened,
    workshop,
)

README = ROOT / "README.md"

VERDICTS = (0, 1, 3)
"""The exit statuses of a command that did its work: 1 and 3 say that a submission is wrong, or not examined."""


def all_blocks(*languages: str) -> list[Block]:
    return [block for document in DOCUMENTS for block in blocks(document, *languages)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workshop(tmp_path_factory.mktemp("documents"))


# What the documents show


def consoles() -> list[Any]:
    """The blocks of commands: README's first is run always, all others with `-m full`."""
    first, *others = all_blocks("console")
    assert first.document == README
    return [first, *(pytest.param(block, marks=pytest.mark.full) for block in others)]


@pytest.mark.parametrize("block", consoles(), ids=str)
def test_a_command_prints_what_the_document_shows(block: Block, folder: Path) -> None:
    for example in examples(block.text):
        done = run(example.command, folder)
        assert done.returncode in VERDICTS, done.stdout
        assert is_shown_by(done.stdout, example.output), f"$ {example.command}\n{done.stdout}"


def sessions(document: Path) -> list[Block]:
    """The blocks of a document that are typed into Python."""
    return [block for block in blocks(document, "python") if ">>> " in block.text]


@pytest.mark.one_in(9)
@pytest.mark.parametrize("document", [d for d in DOCUMENTS if sessions(d)], ids=lambda path: path.name)
def test_what_is_typed_into_python_gives_what_the_document_shows(
    document: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One session a document, as a reader types it."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    report: list[str] = []
    for block in sessions(document):
        test = doctest.DocTestParser().get_doctest(block.text, names, str(block), str(document), block.line)
        results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=report.append, clear_globs=False)
        names = test.globs
        assert results.attempted > 0
    assert not report, "".join(report)


def files(document: Path) -> dict[str, str]:
    """The files in Python that a document shows: blocks that begin with a name in a comment."""
    named = ((re.match(r"# (\w+\.py)\n", block.text), block.text) for block in blocks(document, "python"))
    return {name[1]: text for name, text in named if name}


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if files(d)], ids=lambda path: path.name)
@pytest.mark.full
def test_the_tests_in_a_document_pass(document: Path, folder: Path, tmp_path: Path) -> None:
    for name, text in files(document).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = run(f"pytest -v -p no:cacheprovider --rootdir {tmp_path} {tmp_path}", folder)
    assert done.returncode == 0, done.stdout
    tests = [name for name in files(document) if name.startswith("test_")]
    assert all(re.search(rf"/{name}::.* PASSED", done.stdout) for name in tests), done.stdout


def test_every_block_is_run_or_plain_text() -> None:
    fences = [
        line
        for document in DOCUMENTS
        for line in document.read_text(encoding="utf-8").splitlines()
        if line.startswith("```")
    ]
    assert set(fences) == {"```", "```console", "```python", "```sh", "```text", "```toml"}
    examples = [block for block in all_blocks("python") if ">>> " in block.text]
    assert len(all_blocks("python")) == len(examples) + sum(len(files(document)) for document in DOCUMENTS)


# The quick start


def quick_start() -> str:
    text = README.read_text(encoding="utf-8")
    return text.partition("\n## Quick start\n")[2].partition("\n## ")[0]


SETS_UP = "python3 -m venv .venv && .venv/bin/python -m pip install -q "


def test_the_quick_start_is_two_blocks_of_one_line() -> None:
    """No environment is assumed, nor that there is a command `python`, `pip` or `gru`. `.ci/run` runs both."""
    found = re.findall(r"```sh\n(.*?)```", quick_start(), re.DOTALL)
    assert found == [
        f"{SETS_UP}. && .venv/bin/gru check examples/submissions/dzr_without_h_prev.py\n",
        f"{SETS_UP}-e '.[test]' && .venv/bin/python -m pytest\n",
    ]
    assert [block.text for block in all_blocks("sh")] == found


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 130


@pytest.mark.full
def test_the_quick_start_ends_in_exit_status_1(folder: Path) -> None:
    done = run("gru check examples/submissions/dzr_without_h_prev.py", folder)
    assert done.returncode == 1
    assert "equation (10), dzr: wrong" in done.stdout
    assert "exit status 1" in quick_start()


# Links and names


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]*)", document.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = re.findall(
        r"`((?:gru|tests|docs|examples|benchmarks|\.ci)/[\w./-]*)`", document.read_text(encoding="utf-8")
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if path != README], ids=lambda path: path.name)
def test_the_readme_leads_to_every_document(document: Path) -> None:
    assert f"]({document.relative_to(ROOT)})" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("block", all_blocks("toml"), ids=str)
def test_a_rubric_in_a_document_is_one(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "rubric.toml"
    path.write_text(block.text, encoding="utf-8")
    assert rubric.read(path).maximum > 0


def test_every_option_and_convention_is_told() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    options = {name for parameter in check.params for name in parameter.opts if name.startswith("--")}
    assert options == set(re.findall(r"^\| `(--[\w-]+)", text, re.MULTILINE))
    assert all(f"`{id}`" in text for id in FORMS if not id.endswith("-rzn"))


def test_the_number_of_checks_is_the_one_that_is_told() -> None:
    assert f"of the {len(CHECKS)} checks" in README.read_text(encoding="utf-8")


def test_every_page_has_its_place_on_the_site() -> None:
    index = (ROOT / "docs" / "index.rst").read_text(encoding="utf-8")
    pages = {page.stem for page in (ROOT / "docs").glob("*.md")}
    assert pages | {"api", "checking_a_gradient"} == set(re.findall(r"^   ([\w-]+)$", index, re.MULTILINE))


# The page of the equations


@pytest.mark.parametrize(("name", "layer"), PAGES.items())
def test_the_page_of_the_equations_is_made_from_the_tables(name: str, layer: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(form_named(layer=layer))


@pytest.mark.parametrize("number", [e.number for e in EXPOSED if not e.is_sum])
def test_the_page_lists_every_mistake_in_an_equation(number: int) -> None:
    section = re.split(r"^###? ", page(), flags=re.MULTILINE)
    (own,) = (part for part in section if part.startswith(f"({number}) "))
    slugs = {mistake.id.partition("/")[2] for mistake in catalogue(number)}
    assert slugs <= set(re.findall(r"`([\w-]+)`", own))


def test_the_page_tells_an_equation_in_both_letters() -> None:
    assert "δ_zr = (δ_zh̃ · W_hᵀ) ∘ h_{t-1} ∘ r_t ∘ (1 − r_t)" in page()
    assert "dzr = (dzn @ Wh.T) * h_prev * r * (1 - r)" in page()


# The comparison itself


@pytest.mark.parametrize(
    "output",
    [
        "examined   seed 0, 0.4 s\nequation-9   right   1.3e-16   1.8e-14\n[0, 0]   0.5   0.25",
        "examined   seed 0, 12.0 s\nequation-9   right         0   1.8e-14\n[0, 0]  0.5    0.25",
    ],
)
def test_what_rounding_and_time_change_is_no_difference(output: str) -> None:
    shown = "examined   seed 0, 0.3 s\nequation-9   right   2.2e-16   1.8e-14\n[0, 0]   0.5   0.25"
    assert is_shown_by(output, shown)


@pytest.mark.parametrize(
    "output",
    [
        "examined   seed 1, 0.3 s\nequation-9   right   2.2e-16   1.8e-14",
        "examined   seed 0, 0.3 s\nequation-9   wrong   2.2e-16   1.8e-14",
        "examined   seed 0, 0.3 s\nequation-9   right   2.2e-16   1.9e-14",
        "examined   seed 0, 0.3 s\nequation-9   right   2.2e-16   1.8e-14\none line more",
        "examined   seed 0, 0.3 s",
        "",
    ],
)
def test_any_other_difference_is_one(output: str) -> None:
    assert not is_shown_by(output, "examined   seed 0, 0.3 s\nequation-9   right   2.2e-16   1.8e-14")


def test_an_ellipsis_stands_for_any_lines() -> None:
    assert is_shown_by("a\nb\nc\nd", "a\n...\nd")
    assert is_shown_by("a\nd", "a\n...\nd")
    assert not is_shown_by("a\nb\nc", "a\n...\nd")
    assert shortened("a\nb\nc\nd\ne", "A\n...\nD\nE") == "a\n...\nd\ne"


def test_a_block_is_taken_apart_into_commands() -> None:
    first, second = examples("$ gru check a.py\nline 1\n\nline 2\n$ gru explain 10\n")
    assert (first.command, first.output) == ("gru check a.py", "line 1\n\nline 2")
    assert (second.command, second.output) == ("gru explain 10", "")
    with pytest.raises(ValueError, match="begins with"):
        examples("gru check a.py\n")


def test_an_output_is_written_anew_only_where_it_differs(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(
        "```console\n$ echo right  0 1e-14\nright 1e-16 1e-14\n$ echo new\nold\n```\n", encoding="utf-8"
    )
    assert (
        rewritten(document, tmp_path) == "```console\n$ echo right  0 1e-14\nright 1e-16 1e-14\n$ echo new\nnew\n```\n"
    )
