"""What is checked: a function and its claimed gradient behind one face, whatever their arguments look like."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.gradient import signature
from gru.gradient.matching import alike, described, is_shaped, is_stack, match, names_differ, unmarked
from gru.gradient.tree import Leaf, leaves, rebuilt

Wrt = int | str | Sequence[int | str] | None


class WrongShape(Exception):
    """A claimed gradient that is shaped unlike its argument."""

    def __init__(self, leaf: int, found: tuple[int, ...]) -> None:
        super().__init__(leaf, found)
        self.leaf, self.found = leaf, found


class Subject:
    """The function, its arguments, and the gradient that is claimed; values are given as lists of the moving leaves.

    `calls` counts the calls of the function.
    """

    def __init__(self, function: Callable[..., Any], arguments: Any, wrt: Wrt, backward: Any) -> None:
        if not callable(function):
            raise TypeError(f"the function must be callable, but it is {described(function)}")
        self.is_fixed = isinstance(backward, np.ndarray | np.floating | float | dict | list | tuple)
        if backward is True:
            function, backward = signature.apart(function)
        elif self.is_fixed:
            given, backward = backward, lambda *_: given
        elif not callable(backward):
            raise TypeError(
                f"the gradient must be a function, its result, or True if the function returns (value, gradient), "
                f"but it is {described(backward)}"
            )
        self.arguments = signature.as_arguments(function, arguments)
        self._function, self._backward = function, backward
        self.calls = 0
        self.names = signature.names(function, len(self.arguments))
        self._leaves = [leaves(a, name) for a, name in zip(self.arguments, self.names, strict=True)]
        self._chosen = wrt is not None
        self.targets = self._targets(wrt)
        self._choose(self.targets)

    @property
    def left_out(self) -> list[str]:
        """The names of the arguments of floats that the gradient has nothing for, where no choice was made."""
        return [] if self._chosen else [self.names[k] for k in self._targets(None) if k not in self.targets]

    def _choose(self, targets: list[int]) -> None:
        self.targets = targets
        self._places = [(k, j) for k in targets for j, leaf in enumerate(self._leaves[k]) if leaf.moves]
        if not self._places:
            found = ", ".join(_kind(leaf) for part in self._leaves for leaf in part) or "no argument"
            raise TypeError(
                "no argument holds floats, so there is nothing to differentiate by: give arrays of float64 or float32, "
                f"such as a.astype(float) (found {found})"
            )
        self.at: list[Array] = [np.array(self._leaves[k][j].value) for k, j in self._places]
        if not any(value.size for value in self.at):
            raise ValueError("every array of floats is empty, so there is nothing to check: give one with entries")
        self.labels = [self._leaves[k][j].name for k, j in self._places]
        for label, value in zip(self.labels, self.at, strict=True):
            if not np.isfinite(value).all():
                where = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
                hint = "" if self._chosen or len(self.arguments) == 1 else ", or say with wrt= what to differentiate by"
                raise ValueError(
                    f"{label} holds {value[where]} at {list(where)}: give a point at which all is finite{hint}"
                )

    def _targets(self, wrt: Wrt) -> list[int]:
        if wrt is None:
            for part in self._leaves:
                for leaf in part:
                    _require_arrays(leaf)
            return [k for k, part in enumerate(self._leaves) if any(leaf.moves for leaf in part)]
        chosen = [wrt] if isinstance(wrt, int | str) else list(wrt)
        found = []
        for one in chosen:
            known = self.names.index(one) if one in self.names else one
            if not isinstance(known, int) or not -len(self.names) <= known < len(self.names):
                raise ValueError(f"wrt={one!r} is no argument: there are {', '.join(self.names)}, or 0 and up")
            known %= len(self.names)
            for leaf in self._leaves[known]:
                _require_arrays(leaf)
                if not leaf.moves:
                    raise TypeError(f"{_kind(leaf)}: a derivative needs floats, such as {leaf.name}.astype(float)")
            found.append(known)
        return found

    def _built(self, values: Sequence[Any]) -> list[Any]:
        """The arguments with these values in the moving places; every array is a copy."""
        put = dict(zip(self._places, values, strict=True))
        built: list[Any] = []
        for k, (tree, part) in enumerate(zip(self.arguments, self._leaves, strict=True)):
            new = [_fresh(put.get((k, j), leaf.value)) for j, leaf in enumerate(part)]
            built.append(new[0] if len(part) == 1 and part[0].value is tree else rebuilt(tree, new))
        return built

    def arguments_at(self, values: Sequence[Any]) -> list[Any]:
        """The arguments that the function is called with."""
        return self._built(values)

    def outputs(self, values: Sequence[Any]) -> list[Any]:
        """The results of the function, as a list of arrays."""
        return self.outputs_of(self._built(values))

    def outputs_of(self, built: Sequence[Any]) -> list[Any]:
        """The results of the function for whole arguments."""
        self.calls += 1
        return [leaf.value for leaf in leaves(self._result(built), "result")]

    def _result(self, built: Sequence[Any]) -> Any:
        return self._called("function", self._function, *built)

    def _called(self, who: str, function: Callable[..., Any], *given: Any) -> Any:
        """What a function of the caller's returns. An error of its own is told with what it was called with."""
        try:
            return function(*given)
        except Exception as error:
            error.add_note(f"gru called the {who} with {', '.join(map(described, given)) or 'no argument'}")
            raise

    def claimed(self, values: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """The claimed gradient by each moving leaf, as arrays of its shape."""
        return self.claimed_of(self._built(values), [_copy(one) for one in cotangents])

    def claimed_of(self, built: list[Any], cotangents: Sequence[Any]) -> list[Any]:
        """The claimed gradient for whole arguments. What it remembers of the function is from a call with the same."""
        del cotangents
        self._run_before(built)
        given = [] if self._takes_nothing else built
        return self.matched(self._called("gradient", self._backward, *given))

    def _run_before(self, built: Sequence[Any]) -> None:
        """Call the function as anybody does before its gradient: a layer keeps there what its backward pass needs."""
        if not self.is_fixed:
            self.outputs_of([rebuilt(tree, [_copy(leaf.value) for leaf in leaves(tree, "")]) for tree in built])

    @cached_property
    def _takes_nothing(self) -> bool:
        return self._takes(0, not_=len(self.arguments))

    def _takes(self, count: int, *, not_: int) -> bool:
        """Whether the gradient can be called with so many arguments, and not with so many others."""
        return signature.accepts(self._backward, count) and not signature.accepts(self._backward, not_)

    def matched(self, result: Any) -> list[Any]:
        """The leaves of a gradient that belong to the moving leaves, in their order."""
        parts = self._parts(result)
        found: list[Any] = []
        for k, part in zip(self.targets, parts, strict=True):
            match(self.arguments[k], part, self.names[k], found)
        for number, (value, at) in enumerate(zip(found, self.at, strict=True)):
            if value.shape != at.shape:
                if value.size == at.size == 1:
                    found[number] = value.reshape(at.shape)
                else:
                    raise WrongShape(number, value.shape)
        return found

    def _parts(self, result: Any) -> list[Any]:
        """The gradient's part for each target argument."""
        names = [self.names[k] for k in self.targets]
        if isinstance(result, dict) and not (len(names) == 1 and isinstance(self.arguments[self.targets[0]], dict)):
            return self._by_name(unmarked(result, self.names), names)
        if len(names) == 1:
            return [self._only_part(result, *self.targets)]
        arrays = [k for k in self.targets if not self._holds_numbers(k)]
        if is_stack(result, [self.arguments[k] for k in self.targets]):
            result = list(result)
        elif not isinstance(result, list | tuple) and len(arrays) == 1 and not self._chosen:
            result = [result]
        if not isinstance(result, list | tuple):
            raise ValueError(
                f"the gradient is {described(result)}, but there are {len(names)} arguments: "
                f"return one for each of {', '.join(names)}, or say which with wrt="
            )
        if len(result) == len(names):
            return list(result)
        if len(result) == len(self.arguments):
            return [result[k] for k in self.targets]
        if not self._chosen and len(result) == len(arrays):
            self._choose(arrays)
            return list(result)
        raise ValueError(
            f"the gradient has {len(result)} parts, but there are {len(names)} arguments to differentiate by: "
            f"return one for each of {', '.join(names)}, or say which with wrt="
        )

    def _only_part(self, result: Any, k: int) -> Any:
        """The gradient's part for its only target argument, which may be returned by itself."""
        argument = self.arguments[k]
        if not isinstance(result, list | tuple):
            return result
        if isinstance(argument, list | tuple):
            return result[0] if len(result) == 1 and not alike(argument, result) else result
        if np.ndim(argument) and is_shaped(result, np.shape(argument)):
            return np.asarray(result)
        if len(result) == len(self.arguments) > 1:
            return result[k]
        if len(result) == 1 or isinstance(argument, dict):
            return result[0] if len(result) == 1 else result
        raise ValueError(f"the gradient has {len(result)} parts, but {self.names[k]} is differentiated by alone")

    def _holds_numbers(self, k: int) -> bool:
        """Whether an argument holds numbers and no arrays, such as an ε: it is mostly not differentiated by."""
        return all(np.isscalar(leaf.value) for leaf in self._leaves[k] if leaf.moves)

    def _by_name(self, result: dict[Any, Any], names: list[str]) -> list[Any]:
        extra = [str(key) for key in result if key not in self.names]
        missing = [name for name in names if name not in result]
        numbers = [self.names[k] for k in self.targets if self._holds_numbers(k)]
        if missing and not extra and not self._chosen and result and set(missing) <= set(numbers):
            self._choose([k for k in self.targets if self.names[k] in result])
            return [result[self.names[k]] for k in self.targets]
        if extra or missing:
            raise ValueError(names_differ("the gradient", extra, missing))
        return [result[name] for name in names]


def _require_arrays(leaf: Leaf) -> None:
    """Raise TypeError for what looks like an array of numbers and is none that can be moved."""
    kind = np.asarray(leaf.value).dtype.kind if isinstance(leaf.value, np.ndarray) else None
    if kind == "O":
        raise TypeError(
            f"{leaf.name} is an array of objects: give an array of floats, such as np.stack(…) of its parts"
        )
    if isinstance(leaf.value, np.ma.MaskedArray | np.matrix):
        raise TypeError(
            f"{leaf.name} is a {type(leaf.value).__name__}: give a plain array, such as np.asarray(…) of it"
        )
    if kind == "c":
        raise TypeError(f"{leaf.name} is complex: give its real and imaginary parts as two arguments")
    if kind is None and hasattr(leaf.value, "__array__") and not isinstance(leaf.value, np.generic):
        raise TypeError(
            f"{leaf.name} is a {type(leaf.value).__module__}.{type(leaf.value).__name__}: give a NumPy array, and "
            "convert inside the function that is checked"
        )


def _kind(leaf: Leaf) -> str:
    if isinstance(leaf.value, np.ndarray):
        return f"{leaf.name} is an array of {leaf.value.dtype}"
    if isinstance(leaf.value, int) and not isinstance(leaf.value, bool):
        return f"{leaf.name} is the whole number {leaf.value}: write {leaf.value}.0"
    hint = "" if isinstance(leaf.value, bool | str | None) else ": give what it holds as a dict"
    return f"{leaf.name} is {type(leaf.value).__name__}{hint}"


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _fresh(value: Any) -> Any:
    """A copy of an array, and a number of an array without axes."""
    if isinstance(value, np.ndarray):
        return value.copy() if value.shape else value[()]
    return value


CACHED = (
    "the forward pass returns two results, and the backward pass takes two arguments: "
    "if they are (result, cache) and (cotangent, cache), say cache=True"
)


class Pullback(Subject):
    """A forward pass and the backward pass that takes a cotangent for its results."""

    def __init__(self, forward: Callable[..., Any], backward: Any, arguments: Any, wrt: Wrt, *, cache: bool) -> None:
        self._cache = cache
        self._tree: Any = None
        super().__init__(forward, arguments, wrt, backward)
        if not cache and signature.takes_cotangent_last(self._backward, forward, len(self.arguments)):
            order = ", ".join(self.names)
            raise ValueError(
                f"the backward pass takes {order} first, but it is called as backward(cotangent, {order}): "
                f"give lambda c, *a: backward(*a, c)"
            )

    def _result(self, built: Sequence[Any]) -> Any:
        result = super()._result(built)
        if self._cache:
            if not isinstance(result, tuple) or len(result) != 2:
                raise ValueError("with cache=True the forward pass must return (result, cache)")
            result = result[0]
        self._tree = result
        return result

    def claimed_of(self, built: list[Any], cotangents: Sequence[Any]) -> list[Any]:
        """The backward pass for whole arguments; with a cache, the forward pass that fills it runs first."""
        if self._cache:
            self.calls += 1
            result, cache = self._function(*built)
            return self.matched(self._called("gradient", self._backward, rebuilt(result, cotangents), cache))
        self._run_before(built)
        if self._tree is None:
            self.outputs_of(built)
        if self.looks_cached and len(self.arguments) > 1:
            raise ValueError(CACHED)
        given = [rebuilt(self._tree, cotangents), *([] if self.takes_cotangent_alone else built)]
        try:
            return self.matched(self._called("gradient", self._backward, *given))
        except Exception as error:
            if self.looks_cached:
                error.add_note(CACHED)
            raise

    @cached_property
    def takes_cotangent_alone(self) -> bool:
        """Whether the backward pass is called with the cotangent and nothing else: it takes one argument."""
        return self._takes(1, not_=1 + len(self.arguments))

    @property
    def looks_cached(self) -> bool:
        """Whether both may have a cache: two results, and two arguments."""
        two_results = isinstance(self._tree, tuple) and len(self._tree) == 2
        return two_results and signature.accepts(self._backward, 2) and not signature.accepts(self._backward, 3)
