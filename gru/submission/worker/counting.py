"""How many different numbers go through exp, tanh and their like while a cell runs. No clock could be evidence.

Standard library and NumPy only. It judges nothing. While it counts, each of these functions is replaced, wherever
Python code finds it, by one that notes its argument and then does the same.
"""

import ast
import builtins
import cmath
import functools
import gc
import math
import operator
import sys
from collections.abc import Callable
from types import CellType, CodeType, FunctionType, TracebackType
from typing import Any, Self

import numpy as np

POWER = "__power__"
"""The function that `a ** b` is rewritten to call where `b` is not constant: the operator calls none that could be
replaced."""

setattr(builtins, POWER, operator.pow)

_OF_ONE = ("exp", "exp2", "expm1", "tanh", "sinh", "cosh", "tan", "expit")
_OF_EXPONENT = ("power", "float_power", "pow")
"""The functions that are counted, by name: those of one number, and those whose second argument counts."""

_NUMBERS = (np.ndarray, np.generic, int, float, complex, list, tuple)


class Enough(BaseException):
    """More numbers came than were to be counted: what runs need not go on."""


class Counting:
    """While this is entered, the numbers are counted that go through the functions above, each once.

    Args:
        owner: The class, or the module, whose own forward pass is watched; calls of it in the second half are counted.
        forward: The name of that.
        most: With more different numbers than this in one half, `Enough` is raised from the call that is one too many.

    `found` holds how many there were, by half: `forward` before `turn` is called, `backward` after it; and
    `calls`, how often the class's own forward was called in the second half.
    """

    def __init__(self, owner: Any, forward: str, most: int) -> None:
        self.owner, self.forward, self.most = owner, forward, most
        self.found = {"forward": 0, "backward": 0, "calls": 0}
        self._seen: set[complex] = set()
        self._half = "forward"
        self._inside = 0
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        counted = {id(function): _Counted(function, position, self.note) for function, position in _functions()}
        self._replace_everywhere(counted)
        self._watch_forward()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        while self._undo:
            self._undo.pop()()

    def turn(self) -> None:
        """The forward pass is done: what comes now is the backward pass."""
        self._half = "backward"
        self._seen.clear()

    def note(self, numbers: Any) -> None:
        """Count the numbers that go into a function.

        An object of the submission's own class calls it with plain numbers later.
        """
        if not isinstance(numbers, _NUMBERS):
            return
        values = np.asarray(numbers)
        if values.dtype.kind not in "biufc":
            return
        self._seen.update(values.astype(complex).ravel().tolist())
        self.found[self._half] = len(self._seen)
        if len(self._seen) > self.most:
            raise Enough(f"more than {self.most} different numbers")

    def _watch_forward(self) -> None:
        """Replace it in the class and those it is derived from: a call within a call is the same call."""
        for owner in type.mro(self.owner) if isinstance(self.owner, type) else [self.owner]:
            method = vars(owner).get(self.forward)
            if isinstance(method, FunctionType):
                self._put(functools.partial(setattr, owner, self.forward), method, self._watched(method))

    def _watched(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def forward(*arguments: Any, **named: Any) -> Any:
            self.found["calls"] += self._half == "backward" and not self._inside
            self._inside += 1
            try:
                return method(*arguments, **named)
            finally:
                self._inside -= 1

        return forward

    def _replace_everywhere(self, counted: dict[int, "_Counted"]) -> None:
        """Put each counted function into every namespace, instance, class and closure that holds the plain one."""
        holders = gc.get_referrers(*(function for function, _ in _functions()))
        owners = _classes_of([holder for holder in holders if isinstance(holder, dict) and "__module__" in holder])
        for holder in holders:
            if isinstance(holder, CellType):
                value = holder.cell_contents
                if id(value) in counted:
                    self._put(functools.partial(setattr, holder, "cell_contents"), value, counted[id(value)])
                continue
            names = holder if isinstance(holder, dict) else getattr(holder, "__dict__", None)
            if not isinstance(names, dict):
                continue
            owner = owners.get(id(names))
            for name, value in list(names.items()):
                if id(value) in counted:
                    set_name = functools.partial(setattr, owner, name) if owner else None
                    put = set_name or functools.partial(names.__setitem__, name)
                    self._put(put, value, counted[id(value)])

    def _put(self, put: Callable[[Any], Any], old: Any, new: Any) -> None:
        try:
            put(new)
        except Exception:
            return  # What cannot be replaced is not counted.
        self._undo.append(functools.partial(put, old))


class _Counted:
    """A function that notes its argument number `position` before it is called; in all else the function itself."""

    __slots__ = ("_function", "_note", "_position")

    def __init__(self, function: Any, position: int, note: Callable[[Any], None]) -> None:
        self._function, self._position, self._note = function, position, note

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) > self._position:
            self._note(arguments[self._position])
        if isinstance(self._function, np.ufunc):
            # A class that overrides ufuncs compares what it is given with `np.exp`, which is this object now.
            for argument in arguments:
                override = getattr(type(argument), "__array_ufunc__", np.ndarray.__array_ufunc__)
                if override not in (None, np.ndarray.__array_ufunc__):
                    result = argument.__array_ufunc__(self, "__call__", *arguments, **named)
                    if result is not NotImplemented:
                        return result
        return self._function(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


def _functions() -> list[tuple[Any, int]]:
    """The functions that are counted, each with the position of the argument that counts."""
    modules = (np, math, cmath, sys.modules.get("scipy.special"), operator, builtins)
    found = {}
    for names, position in ((_OF_ONE, 0), (_OF_EXPONENT, 1)):
        for module in modules:
            for name in names:
                function = getattr(module, name, None)
                if function is not None:
                    found[id(function)] = function, position
    return list(found.values())


def _classes_of(namespaces: list[dict[str, Any]]) -> dict[int, type]:
    """The classes whose own names these are, by the id of the names; those of something else have none.

    All are sought at once, as a search goes through every object of the process.
    """
    owners = [owner for owner in gc.get_referrers(*namespaces) if isinstance(owner, type)] if namespaces else []
    return {id(names): owner for owner in owners for names in gc.get_referents(owner) if isinstance(names, dict)}


def countable(source: bytes | ast.Module, path: str) -> CodeType:
    """The code of a file in which powers can be counted. Raises what `compile` raises.

    Args:
        source: The file's contents, or what is to be run of them as a tree.
        path: Where they come from; named where the code raises.
    """
    code = compile(source, path, "exec", dont_inherit=True)
    if isinstance(source, ast.Module):
        return compile(_Powers().visit(source), path, "exec", dont_inherit=True)
    if b"**" not in source:
        return code
    try:
        return compile(_Powers().visit(ast.parse(source, path)), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return code


class _Powers(ast.NodeTransformer):
    """Rewrites `a ** b` as a call where b is not constant."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Visit the operands, then the power itself; the name is the transformer's."""
        self.generic_visit(node)
        exponent = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
        if not isinstance(node.op, ast.Pow) or isinstance(exponent, ast.Constant):
            return node
        name = ast.copy_location(ast.Name(POWER, ast.Load()), node)
        return ast.copy_location(ast.Call(name, [node.left, node.right], []), node)
