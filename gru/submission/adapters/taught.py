"""A teacher's adapter: a file with a subclass of `Adapter`, run beside the submission; what it leaves out is found.

What goes wrong in it is told with its file and its line, and is never the submission's fault.
"""

import ast
import difflib
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from .adapter import Adapter
from .answer import AnotherApiError
from .arguments import OF_ANSWER
from .behaviour import fresh, numbers, upstream, values_of
from .completing import SIZES, Tried, driven, sizes_of
from .construction import constructions
from .driving import ALWAYS
from .engine import Engine
from .held import arrays_of, holders
from .loss import Loss, Unwritten
from .losses import completed, layouts_of
from .made import OfModule, from_words
from .plain import Plain
from .source import definitions, names_returned

FAMILIES: dict[str, type[Adapter]] = {kind.family: kind for kind in (Adapter, Engine, Loss, Unwritten, Plain)}
"""The kinds of adapters, by what an adapter says of itself."""

NAME = "course_adapter"
"""The name of the module that the file is run in."""

PUBLIC = "gru.adapter"
"""Where a course imports `Adapter` from."""


class AdapterFaultError(Exception):
    """Something is wrong with a teacher's adapter: the text names its file and line."""


def taught(module: Any, text: str, path: str, source: bytes, turn: Callable[[], None]) -> Adapter | None:
    """The adapter that a teacher's file gives for a submission; None where all of it is for other names.

    Args:
        module: The submission's module.
        text: The submission's source.
        path: Where the teacher's file is.
        source: What is in it.
        turn: Is called before each trial, and raises where there were enough.

    Raises:
        AdapterFaultError: Where something is wrong with it.
        AnotherApiError: Where the submission's own code raises, however it is driven.
    """
    file = _File(path, source)
    for kind in file.kinds():
        if "make" in vars(kind) or kind.target in vars(module) or kind.owner in vars(module):
            return file.completed(kind, module, text, Tried(turn))
    return None


class _File:
    """A teacher's file."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path, self.source = path, source
        self.name = Path(path).name

    def fault(self, line: int | None, text: str) -> AdapterFaultError:
        """What is wrong, at a line of the file."""
        return AdapterFaultError(f"{self.name}{f', line {line}' if line else ''}: {text}")

    def kinds(self) -> list[type[Adapter]]:
        """The adapters that the file defines, checked for what they say."""
        space = self._run()
        found = [v for v in space.values() if isinstance(v, type) and issubclass(v, Adapter) and v.__module__ == NAME]
        if not found:
            raise self.fault(None, f"it defines no class that is derived from Adapter (from {PUBLIC} import Adapter)")
        for kind in found:
            for name in vars(kind):
                if not name.startswith("_") and not any(hasattr(family, name) for family in FAMILIES.values()):
                    near = difflib.get_close_matches(name, [n for n in dir(Adapter) if not n.startswith("_")], 1)
                    hint = f"; is it {near[0]}?" if near else ""
                    raise self.fault(self.line_of(kind, name), f"an adapter has no attribute {name!r}{hint}")
        return found

    def _run(self) -> dict[str, Any]:
        """The names that the file defines. `gru.adapter` is in sight while it is run."""
        space = ModuleType(NAME)
        space.__file__ = self.path
        package, public = ModuleType("gru"), ModuleType(PUBLIC)
        package.__path__ = []
        public.Adapter = Adapter  # type: ignore[attr-defined]
        before = {name: sys.modules.get(name) for name in ("gru", PUBLIC)}
        sys.modules |= {"gru": package, PUBLIC: public}
        try:
            exec(compile(self.source, self.path, "exec"), vars(space))
        except SyntaxError as error:
            raise self.fault(error.lineno, f"it is not Python: {error.msg}") from None
        except Exception as error:
            raise self.fault(self.line_in(error), f"{type(error).__name__}: {error}") from None
        finally:
            for name, module in before.items():
                sys.modules.pop(name, None)
                if module is not None:
                    sys.modules[name] = module
        return vars(space)

    def line_in(self, error: BaseException) -> int | None:
        """The line of this file that an exception came from, where it did come from it itself."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f for f in frames if "adapters" not in Path(f.filename).parts and not f.filename.startswith("<_")]
        return ours[-1].lineno if ours and ours[-1].filename == self.path else None

    def line_of(self, kind: type, name: str | None = None) -> int | None:
        """The line where a class gives a name its value, or where it begins."""
        try:
            tree = ast.parse(self.source)
        except (SyntaxError, ValueError):
            return None
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
                for part in node.body:
                    targets = getattr(part, "targets", [getattr(part, "target", None)])
                    names = [getattr(t, "id", None) for t in targets] + [getattr(part, "name", None)]
                    if name in names and name is not None:
                        return part.lineno
                return node.lineno
        return None

    # Filling in what it does not say

    def completed(self, kind: type[Adapter], module: Any, text: str, tried: Tried) -> Adapter:
        """The adapter with the rest found."""
        said = frozenset(name for base in kind.__mro__[: kind.__mro__.index(Adapter)] for name in vars(base))
        target = getattr(module, kind.target, None)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            self._require_methods(kind, target, said)
            if said.issuperset(ALWAYS) and (whole := self._whole(kind, module, text)):
                return whole
            constructs: Any = [kind.construct]
            if not said & {"construct", "make"}:
                constructs = constructions(target, module)
                if isinstance(target, FunctionType):
                    tree = {definition.name: definition for definition in definitions(text)}
                    constructs = holders(module, tree, kind.target, target)
            if {"inputs", "targets"} <= set(kind.forward_roles):
                return self._of_loss(kind, constructs, said, (module, text), tried)
            for construct in constructs:
                adapter = kind(module, construct=construct, source=text, said=said)
                try:
                    adapter.make(SIZES)
                    of = (target, True) if isinstance(target, type) else (module, False)
                    found = driven(adapter, module, of, tried)
                except Exception as error:
                    tried.note(kind.target, error)
                    continue
                if found is not None:
                    found.turn = Adapter.turn
                    self._require_places(found, kind)
                    self._require_arguments_left(found)
                    return found
        raise self._why(kind, module, tried)

    def _whole(self, kind: type[Adapter], module: Any, text: str) -> Adapter | None:
        """An adapter that says all there is; None where the file cannot be driven so, and something is to be found."""
        family = FAMILIES[kind.family]
        whole: type[Adapter] = type(kind.__name__, (kind, family) if family is not Adapter else (kind,), {})
        given = {name: from_words(getattr(kind, name)) for name in ("construct", "setup")}
        try:
            adapter = whole(module, source=text, **given)
            made = self._require_places(adapter, kind)
            if adapter.backward_name:
                adapter.names_returned = names_returned(adapter._callable(made, adapter.backward_name), text)
            self._require_arguments_left(adapter)
        except Exception:
            return None
        return adapter

    def _of_loss(
        self, kind: type[Adapter], constructs: Any, said: frozenset[str], of: tuple[Any, str], tried: Tried
    ) -> Adapter:
        """The adapter of a loss, with the rest found: its calls and roles are as the teacher says."""
        module, text = of
        name = kind.forward_name if "forward_name" in said else kind.target
        given = {"target": kind.target, "forward_name": name, "forward_roles": tuple(kind.forward_roles)}
        given["backward_name"] = kind.backward_name if "backward_name" in said else name
        given["backward_roles"] = tuple(kind.backward_roles if "backward_roles" in said else kind.forward_roles)
        given |= {"source": text, "x_layout": "TF", "out_layout": "F", "first_name": ""}
        if arrays := arrays_of(module):
            # What a function is given may have names of which nothing can be told: then it reads its parameters.
            constructs = [*constructs, {name: OfModule(name) for name in arrays}]
        for construct in constructs:
            for way in layouts_of(module, given | {"construct": construct}):
                way.turn = tried.turn
                if any(getattr(way, name) != getattr(kind, name) for name in said & {"h_layout", "fixed"}):
                    continue
                try:
                    if completed(way):
                        way.turn = Adapter.turn
                        for name in said & {"parameters", "gradients", "reset_name"}:
                            setattr(way, name, getattr(kind, name))
                        self._require_places(way, kind)
                        return way
                except AdapterFaultError:
                    raise
                except Exception as error:
                    tried.note(kind.target, error)
        raise self._why(kind, module, tried)

    def _require_methods(self, kind: type[Adapter], target: Any, said: frozenset[str]) -> None:
        """Raise where it names a method that the submission's class does not have."""
        if not isinstance(target, type):
            return
        for name, method in (("forward_name", "forward"), ("backward_name", "backward")):
            wanted = getattr(kind, name)
            of_class = wanted and not wanted.startswith(OF_ANSWER)
            if method not in said and of_class and not callable(getattr(target, wanted, None)):
                has = ", ".join(n for n in vars(target) if not n.startswith("__"))
                raise self.fault(self.line_of(kind, name), f"{target.__name__} has no method {wanted!r}; it has {has}")

    def _require_places(self, adapter: Adapter, kind: type[Adapter]) -> Any:
        """The object of one run; raise where the adapter names a place at which nothing is."""
        sizes = sizes_of(adapter)
        made = fresh(adapter, sizes)
        x, h_0 = numbers(adapter, sizes)
        answer = adapter.run(sizes, values_of(adapter, sizes), x, h_0, upstream(adapter, sizes))
        gradients = filter(None, (*adapter.gradients.values(), adapter.dx, adapter.dh, adapter.dc))
        wanted: list[tuple[str, str, Callable[[str], Any]]] = [
            ("parameters", place, partial(adapter.parameter, made)) for place in adapter.parameters
        ]
        wanted += [("gradients", place, answer.at) for place in gradients]
        for name, place, read in wanted:
            try:
                read(place)
            except (LookupError, AttributeError, TypeError, AnotherApiError):
                raise self.fault(self.line_of(kind, name), f"nothing is at {place!r} after backward") from None
        return answer.made

    def _require_arguments_left(self, adapter: Adapter) -> None:
        """Raise where the adapter itself writes into what it is given."""
        sizes = sizes_of(adapter)
        x, h_0 = numbers(adapter, sizes)
        adapter.read_only = True
        try:
            adapter.run(sizes, values_of(adapter, sizes), x, h_0, upstream(adapter, sizes))
        except Exception as error:
            if line := self.line_in(error):
                raise self.fault(line, f"it changes what it is given: {error}") from None
        finally:
            adapter.read_only = False

    def _why(self, kind: type[Adapter], module: Any, tried: Tried) -> Exception:
        """Why nothing could be driven: the line of the adapter, else that of the submission, that raises."""
        # What answers in one layout may raise in another.
        if tried.answered and not tried.behaved:
            text = f"what forward of {kind.target} gives does not behave as the states of a layer"
            return self.fault(self.line_of(kind, "forward"), text)
        for error in reversed(tried.errors):
            if line := self.line_in(error):
                return self.fault(line, f"{type(error).__name__}: {error}")
        for error in reversed(tried.errors):
            frames = traceback.extract_tb(error.__traceback__)
            if frames and frames[-1].filename == module.__file__:
                what = f"{type(error).__name__}: {error} (line {frames[-1].lineno})"
                return AnotherApiError(f"{self.name} drives {kind.target}, whose own code raised {what}")
        last = f": {tried.errors[-1]}" if tried.errors else ""
        return self.fault(self.line_of(kind), f"what it gives for {kind.target} does not behave as a layer{last}")
