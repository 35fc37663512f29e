"""The direction of imports, and what every public name owes its reader."""

import ast
import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "gru").rglob("*.py"))
}
NUMERICS = ("numdiff", *(name.removeprefix("gru.") for name in MODULES if name.startswith("gru.calculus")))
MODEL = (
    "layers.gru.parameters",
    "layers.gru.equations",
    "layers.gru.cell",
    "layers.gru.sequence",
    *(name.removeprefix("gru.") for name in MODULES if name.partition(".")[2].split(".")[0] == "layer"),
    "calculus.arrays",
    "calculus.formula",
    "calculus.functions",
)
FRONT_ENDS = ("gru.cli", "gru.pytest_plugin", "gru.verification")


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> frozenset[str]:
    """Every module that this one imports, wherever in it, by its full name."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= _imported_from(node, package)
    return frozenset(found)


def known_to(module: str) -> set[str]:
    """The packages from which a module imports anything."""
    return {name.partition(".")[0] for name in imports_of(module)}


def _imported_from(node: ast.ImportFrom, package: str) -> set[str]:
    above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    source = ".".join([*above, *([node.module] if node.module else [])])
    submodules = {f"{source}.{alias.name}" for alias in node.names} & MODULES.keys()
    return submodules | ({source} if len(submodules) < len(node.names) else set())


@cache
def reached_from(module: str) -> frozenset[str]:
    """Every module of the package that this one needs, near and far."""
    reached: set[str] = set()
    waiting = [module]
    while waiting:
        for name in imports_of(waiting.pop()) & MODULES.keys():
            if name not in reached:
                reached.add(name)
                waiting.append(name)
    return frozenset(reached)


def is_front_end(module: str) -> bool:
    return module in FRONT_ENDS or module.startswith(("gru.cli", "gru.report", "gru.verification"))


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after this code."""
    command = f"{code}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    answer = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    return set(answer.stdout.split())


def test_importing_the_package_loads_numpy_and_the_standard_library_only() -> None:
    added = loaded_by("import gru") - loaded_by("")
    assert {name for name in added if name not in sys.stdlib_module_names} <= {"gru", "numpy"}


def test_only_front_ends_know_pytest_click_and_rich() -> None:
    theirs = {"pytest", "_pytest", "click", "rich"}
    assert {m for m in MODULES if not is_front_end(m) and known_to(m) & theirs} == set()


def test_only_strategies_and_the_plugin_know_hypothesis() -> None:
    assert {m for m in MODULES if "hypothesis" in known_to(m)} == {
        "gru.gradient.strategies",
        "gru.strategies",
        "gru.verification.examinations",
    }


def test_nothing_imports_a_front_end() -> None:
    others = (m for m in MODULES if not m.startswith(FRONT_ENDS))
    assert {m for m in others if any(name.startswith(FRONT_ENDS) for name in imports_of(m))} == {"gru.__main__"}


def test_differentiation_knows_no_gru() -> None:
    own = {f"gru.{name}" for name in NUMERICS}
    assert {name: reached_from(name) - own for name in own if reached_from(name) - own} == {}


def test_the_model_knows_only_itself() -> None:
    own = {f"gru.{name}" for name in MODEL}
    beside = own | {"gru.layers", "gru.layers.gru", "gru.calculus"}
    assert {name: reached_from(name) - beside for name in own if reached_from(name) - beside} == {}


def test_the_examiner_returns_data() -> None:
    """It knows no terminal, no test framework, no points; nor how a submission is run."""
    forbidden = (
        "gru.report",
        "gru.grading",
        "gru.cli",
        "gru.pytest_plugin",
        "gru.verification",
        "gru.strategies",
        "gru.submission.process",
    )
    examiner = [name for name in MODULES if name.startswith("gru.examiner")]
    assert {name for module in examiner for name in reached_from(module) if name.startswith(forbidden)} == set()


def test_the_oracle_knows_no_examiner() -> None:
    assert not any(name.startswith(("gru.examiner", "gru.submission")) for name in reached_from("gru.oracle"))


def test_what_runs_beside_a_submission_knows_no_more_of_the_package() -> None:
    """The worker loads these files by their paths: they need the standard library and NumPy, and each other."""
    beside = ("gru.submission.worker", "gru.submission.adapters")
    known = {name for module in MODULES if module.startswith(beside) for name in imports_of(module)}
    assert {name for name in known if name.startswith("gru") and not name.startswith(beside)} == set()
    assert {name.partition(".")[0] for name in known} - sys.stdlib_module_names == {"gru", "numpy"}


def _floors() -> dict[str, int]:
    """The rooms of docs/design.md, by the names of their modules, with their floors from the ground up."""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8").partition("## Where things live")[2]
    floors: dict[str, int] = {}
    floor = -1
    for place in re.findall(r"^\| (.*?) \| .*\|$", text.partition("###")[0], re.MULTILINE):
        floor += place.startswith("**")
        rooms = re.findall(r"`(gru/[^`]*)`", place)
        floors |= {room.removesuffix(".py").rstrip("/").replace("/", "."): floor for room in rooms}
    return floors


def test_the_house_is_as_the_design_draws_it() -> None:
    """Every module has a room, and imports from its own floor or from one below."""
    floors = _floors()

    def floor_of(module: str) -> int | None:
        inside = [room for room in floors if f"{module}.".startswith(f"{room}.")]
        return floors[max(inside, key=len)] if inside else None

    homeless = [module for module in MODULES if module not in ("gru", "gru.__main__") and floor_of(module) is None]
    assert homeless == []
    upwards = [
        f"{module} -> {imported}"
        for module in MODULES
        for imported in imports_of(module) & MODULES.keys()
        if (own := floor_of(module)) is not None and (other := floor_of(imported)) is not None and other > own
    ]
    assert upwards == []


def test_every_step_that_the_design_tells_of_is_there() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    steps = re.findall(r"^\| `(gru/[^`]*)\.py` \| `(\w+)` \|", text, re.MULTILINE)
    defined = {room: {name for name, _ in _public_definitions(tree_of(room.replace("/", ".")))} for room, _ in steps}
    assert len(steps) > 10
    assert [(room, name) for room, name in steps if name not in defined[room]] == []


def _at_once(module: str) -> set[str]:
    """The modules of the package that one imports as soon as it is imported itself, and not for its types alone."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    imported = (_imported_from(node, package) for node in tree_of(module).body if isinstance(node, ast.ImportFrom))
    return {name for names in imported for name in names if name in MODULES} - {module}


def test_imports_have_no_circle() -> None:
    order = list(TopologicalSorter({module: _at_once(module) for module in MODULES}).static_order())
    assert order.index("gru.calculus.formula") < order.index("gru.layer.layer") < order.index("gru.examiner.trial")


def _public_definitions(tree: ast.Module) -> list[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """The public functions, classes and methods of a module, by name."""
    found: list[tuple[str, ast.FunctionDef | ast.ClassDef]] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            found.append((node.name, node))
            if isinstance(node, ast.ClassDef):
                members = (member for member in node.body if isinstance(member, ast.FunctionDef))
                found += [(f"{node.name}.{m.name}", m) for m in members if not m.name.startswith("_")]
    return found


def test_every_module_and_every_public_name_has_a_docstring() -> None:
    bare = [module for module in MODULES if tree_of(module).body and not ast.get_docstring(tree_of(module))]
    for module in MODULES:
        definitions = _public_definitions(tree_of(module))
        bare += [f"{module}.{name}" for name, node in definitions if not ast.get_docstring(node)]
    assert bare == []


FOR_USERS = (
    *("gru", "gru.notebook", "gru.examining", "gru.testing", "gru.strategies"),
    *("gru.problem.plan", "gru.problem.drawing", "gru.problem.problem"),
    *(
        "gru.oracle.one_step",
        "gru.oracle.sequence",
        "gru.oracle.direction",
        "gru.gradient.check",
        "gru.examiner.examination",
    ),
    *("gru.calculus.complex_step", "gru.calculus.ridders", "gru.calculus.taylor"),
    *(name for name in MODULES if name.startswith(("gru.layer.", "gru.layers.")) and not name.endswith(".equations")),
)
"""What is meant to be called from Python, as docs/api.rst lists it. The arguments of an equation are quantities of its
table, which has their shapes."""


def test_what_is_meant_for_users_lists_its_arguments_one_a_line() -> None:
    lacking = []
    for module in FOR_USERS:
        for name, node in _public_definitions(tree_of(module)):
            if isinstance(node, ast.ClassDef):
                continue
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            names = [argument.arg for argument in given if argument.arg not in ("self", "cls")]
            text = (ast.get_docstring(node) or "").partition("Args:")[2]
            lacking += [f"{module}.{name}: {n}" for n in names if len(names) > 1 and f"\n    {n}: " not in text]
    assert lacking == []


def test_no_function_is_longer_than_a_page() -> None:
    """A page of code: a docstring that lists every argument makes nothing harder to read."""

    def lines_of(node: ast.FunctionDef) -> int:
        first = node.body[0]
        has_docstring = ast.get_docstring(node) is not None
        described = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
        return (node.end_lineno or 0) - node.lineno + 1 - described

    functions = [
        (f"{module}.{node.name}", lines_of(node))
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.FunctionDef)
    ]
    assert {name: lines for name, lines in functions if lines >= 60} == {}


def test_the_walker_of_imports_sees_them() -> None:
    """The checker is not blind: it finds imports of every form that the package uses."""
    assert {"gru.layers.gru.cell", "gru.layers.gru.sequence"} <= imports_of("gru")
    assert {"gru.layers.gru.equations", "gru.layer"} <= reached_from("gru.layers.gru.cell")
    assert "numpy" in imports_of("gru.layers.gru.equations")
    assert "gru.layers.gru.parameters" in imports_of("gru.layers.gru.cell")


def test_the_tools_of_the_dependency_group_are_those_of_the_extra() -> None:
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    extra = settings.get("options.extras_require", "dev", raw=True).split()
    group = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["dev"]
    assert [one for one in extra if not one.startswith("%")] == group
