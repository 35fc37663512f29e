"""Which statements of a script a class needs: found from syntax trees and symbol tables, without running a line.

Kept are imports, definitions and assignments whose names the class uses, wherever it uses them, and what
those need in turn. Nothing needs training, plots and downloads.
"""

import ast
import builtins
import re
import symtable
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property

WANTED = "GRUCell"

_COMPOUND = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.Match)
_ASSIGNING = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_IMPORTING = (ast.Import, ast.ImportFrom)
_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

_RUNS = re.compile(r"forward|backward|loss|train|fit|sample|bptt|step|update|predict", re.IGNORECASE)
"""What a loop calls that trains or shows, and builds nothing that a definition needs."""

_STARTS = re.compile(r"train|fit|learn|main|^run", re.IGNORECASE)
"""What a script calls that may take as long as training does."""

_HIDDEN_NAMES = frozenset(("exec", "eval", "globals", "vars", "locals"))
"""What gives names a value in a way that no syntax tree shows."""


class _NotAwaited(ast.NodeTransformer):
    """Replaces `await x` by `x`, which has the same names: Python 3.14 refuses an await outside a function."""

    def visit_Await(self, node: ast.Await) -> ast.AST:
        """What is waited for."""
        return self.visit(node.value)  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement at the top of a script: where it stands, its lines as written, its tree."""

    cell: int
    line: int
    lines: tuple[str, ...]
    node: ast.stmt

    @cached_property
    def _table(self) -> symtable.SymbolTable:
        node = self.node
        if any(isinstance(part, ast.Await) for part in ast.walk(node)):
            node = _NotAwaited().visit(deepcopy(node))
        return symtable.symtable(ast.unparse(node), "", "exec")

    @cached_property
    def binds(self) -> frozenset[str]:
        """The names that it gives a value, or whose value it changes in place."""
        symbols = self._table.get_symbols()
        bound = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
        if isinstance(self.node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = self.node.targets if isinstance(self.node, ast.Assign) else [self.node.target]
            bound |= {name for target in targets if (name := _base(target))}
        return frozenset(bound)

    @cached_property
    def uses(self) -> frozenset[str]:
        """The names of the script that it reads, now or when a function of it is called."""
        return frozenset(_globals_of(self._table, is_top=True))

    @property
    def is_definition(self) -> bool:
        """Whether it defines a class or a function."""
        return isinstance(self.node, _DEFINING)

    @property
    def is_future(self) -> bool:
        """Whether it imports from `__future__`, which a module has to begin with."""
        return isinstance(self.node, ast.ImportFrom) and self.node.module == "__future__"

    def serves(self, needed: frozenset[str], changeable: frozenset[str]) -> bool:
        """Whether something that is `needed` depends on it; `changeable` are those names that hold plain values."""
        if _is_main_block(self.node):
            return False
        if isinstance(self.node, ast.ImportFrom) and (self.is_future or self.node.names[0].name == "*"):
            return True
        if isinstance(self.node, ast.Expr):
            return _changes(self.node.value, needed, changeable)
        kinds = (*_IMPORTING, *_DEFINING, *_ASSIGNING, *_COMPOUND)
        return isinstance(self.node, kinds) and bool(self.binds & needed)


def _base(target: ast.expr) -> str | None:
    """The name whose value an assignment to `name.attribute` or `name[index]` changes."""
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else None


def _globals_of(table: symtable.SymbolTable, *, is_top: bool) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (is_top or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals_of(child, is_top=False)


def _is_main_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}


def _changes(value: ast.expr, needed: frozenset[str], changeable: frozenset[str]) -> bool:
    """Whether an expression statement changes something needed: `sys.path`, a table, an attribute."""
    if not isinstance(value, ast.Call):
        return False
    if isinstance(value.func, ast.Attribute):
        return ast.unparse(value.func.value) == "sys.path" or _base(value.func) in needed & changeable
    first = value.args[0] if value.args else None
    return isinstance(value.func, ast.Name) and value.func.id == "setattr" and _base(first or value.func) in needed


def needed(statements: Sequence[Statement], name: str = WANTED) -> list[Statement]:
    """The statements that the class needs, in their order; all definitions where there is no such class."""
    wanted = frozenset((name,))
    if not any(name in statement.binds for statement in statements):
        wanted = _names(statement for statement in statements if statement.is_definition)
    assigned = _names(statement for statement in statements if isinstance(statement.node, _ASSIGNING))
    kept: set[Statement] = set()
    while True:
        more = [s for s in statements if s not in kept and (s.serves(wanted, assigned) or _fills(s.node, wanted))]
        if not more:
            return [statement for statement in statements if statement in kept]
        kept.update(more)
        wanted |= frozenset(name for statement in more for name in statement.uses)


def _names(statements: Iterable[Statement]) -> frozenset[str]:
    return frozenset(name for statement in statements for name in statement.binds)


def of_class(body: Sequence[ast.stmt], name: str) -> list[ast.stmt]:
    """The statements at the top of a script that its class of this name needs."""
    return [s.node for s in needed(_statements(body), name)]


def takes_fewer(body: Sequence[ast.stmt], name: str, count: int) -> bool:
    """Whether a class at the top of a script, derived from none, has a forward pass for fewer arguments than these.

    Or it has other methods, and neither pass: it is no cell that is not finished.
    """
    kinds = [node for node in body if isinstance(node, ast.ClassDef) and node.name == name]
    methods = {n.name: n.args for node in kinds for n in node.body if isinstance(n, ast.FunctionDef)}
    if not kinds or any(node.bases for node in kinds):
        return False
    if "forward" not in methods:
        return "backward" not in methods and bool(methods.keys() - {"__init__"})
    taken = methods["forward"]
    return taken.vararg is None and len([*taken.posonlyargs, *taken.args]) - 1 < count


def lacking(body: Sequence[ast.stmt]) -> frozenset[str]:
    """The names that a script reads, and to which neither it nor Python gives a value."""
    statements = _statements(body)
    read = frozenset(name for statement in statements for name in statement.uses)
    return read - _names(statements) - frozenset(dir(builtins))


def _statements(body: Sequence[ast.stmt]) -> list[Statement]:
    return [Statement(0, node.lineno, (), node) for node in body]


def runs_beside(body: Sequence[ast.stmt], name: str) -> list[ast.stmt]:
    """The statements at the top of a script that train, or start what trains, and that its class does not need.

    None are known where the script makes names that no syntax tree shows: there all of it has to be run.

    Args:
        body: The statements at the top of the script.
        name: The class's name.
    """
    runs = [node for node in body if _is_run(node) or _starts(node)]
    if not runs or any(isinstance(n, ast.Name) and n.id in _HIDDEN_NAMES for node in body for n in ast.walk(node)):
        return []
    needed_ones = of_class(body, name)
    return [node for node in runs if node not in needed_ones]


def of_definitions(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements at the top of a script that its classes and functions need, whatever their names are.

    Loops that train or sample, plots and demonstrations are needed by none.
    """
    statements = _statements([node for node in body if not _is_run(node)])
    defining = [s for s in statements if not _is_main_block(s.node) and _defines(s.node)]
    wanted, kept = _names(defining), set(defining)
    assigned = _names(s for s in statements if isinstance(s.node, _ASSIGNING))
    while True:
        wanted |= frozenset(name for statement in kept for name in statement.uses)
        more = [s for s in statements if s not in kept and (s.serves(wanted, assigned) or _fills(s.node, wanted))]
        if not more:
            return [statement.node for statement in statements if statement in kept]
        kept.update(more)


def _is_run(node: ast.stmt) -> bool:
    """Whether a statement has a loop that calls what trains or shows, and defines nothing."""
    if not isinstance(node, _COMPOUND) or _is_main_block(node) or _defines(node):
        return False
    loops = [n for n in ast.walk(node) if isinstance(n, ast.For | ast.While)]
    called = [n.func for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Call)]
    return any(_RUNS.search(_called(function)) for function in called)


def _starts(node: ast.stmt) -> bool:
    """Whether a statement is a call of what trains, or keeps the result of one."""
    value = node.value if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign) else None
    return isinstance(value, ast.Call) and _STARTS.search(_called(value.func)) is not None


def _called(function: ast.expr) -> str:
    """The name by which something is called; empty where it has none."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _defines(node: ast.stmt) -> bool:
    """Whether a class or a function is defined in a statement, under a condition or without."""
    parts = ast.walk(node) if isinstance(node, _COMPOUND) else (node,)
    return any(isinstance(part, _DEFINING) for part in parts)


def _fills(node: ast.stmt, needed: frozenset[str]) -> bool:
    """Whether a loop, which is no training, writes into a table that is needed."""
    if not isinstance(node, ast.For) or _is_run(node):
        return False
    targets = [t for n in ast.walk(node) if isinstance(n, ast.Assign) for t in n.targets]
    targets += [n.target for n in ast.walk(node) if isinstance(n, ast.AugAssign)]
    return any(_base(target) in needed for target in targets)
