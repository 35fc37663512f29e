"""A file in another API, driven in this process, that says odd things of itself: what a hostile worker could send.

Only sources of the tests' own come here. What is said goes through the same checks as what comes over the pipe.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from types import ModuleType
from typing import Any

import numpy as np

from gru.calculus.arrays import Array
from gru.submission.adapters import Driver, found_in
from gru.submission.contract import CellError, Counted, Job, Recording, SubmissionFailure
from gru.submission.driven import Api, api_in, shapes_in
from gru.submission.text import CleanText, cleaned
from gru.submission.worker.protocol import ProtocolError

ODD: dict[str, list[Any]] = {
    "names": [[["a"]], [{}], ["x", "x"], ["dx", "h_0"], [], None],
    "gradients": [{"no such": "a"}, {"Wzh": 1}, [], {}],
    "adapter": [{"target = 1; import os #": 1}, {"import": 1}, {"rate": float("nan")}, {"rate": None}, []],
    "sizes": [{"hidden": 512}, {"hidden": -1}, {"hidden": [1]}, {"other": 3}, None],
    "first": [2, 3, True, "1"],
    "answers": ["output", "2*2*hidden", "hidden*hidden", 1],
    "rows": [True, 1],
    "sequence": [True, None],
    "loss": [True],
    "text": [1, "\x1b[2J" * 500],
}
"""What may stand in an API, by its keys."""

SHAPES: list[Any] = [
    [8],
    [1] * 70 + [8],
    [1, 8],
    [5, 5, 16],
    [1, 1, 1, 8],
    [10**7, 8],
    [2**70, 8],
    [0, 8],
    [True, 8],
    [],
]
"""What may be said of the shape of a parameter."""

VALUES: list[Callable[[Array], Array]] = [
    lambda a: np.full_like(a, np.nan),
    lambda a: np.full_like(a, np.inf),
    np.zeros_like,
    lambda a: np.copysign(np.finfo(float).max, a),
    lambda a: np.full_like(a, 5e-324),
    lambda a: a * 2.0**300,
    lambda a: np.arange(a.size).reshape(a.shape) * 1e-3,
]
"""What may come instead of an array."""


class DrivenHere:
    """A runner on a source in another API. With `random`, it says something odd now and then."""

    def __init__(self, source: str, random: Random | None = None) -> None:
        module = ModuleType("submission")
        exec(source, vars(module))
        self.driver, self.random = Driver(found_in(module, source)), random
        self.said = self.driver.described()
        if random is not None:
            for name in random.sample(list(ODD), random.choice((0, 0, 1, 2))):
                self.said[name] = random.choice(ODD[name])

    @property
    def api(self) -> Api:
        with _as_from_a_process():
            return api_in(cleaned(json.loads(json.dumps(self.said))))

    def shapes(self, sizes: Mapping[str, int]) -> dict[str, tuple[tuple[int, ...], str]]:
        said = self.driver.shapes(sizes)
        if said and self._is_odd():
            assert self.random is not None
            said[self.random.choice(list(said))] = self.random.choice(SHAPES)
        with _as_from_a_process():
            return shapes_in(said, self.api)

    def drive(
        self,
        sizes: Mapping[str, int],
        arrays: Mapping[str, Array],
        expected: Sequence[tuple[int, ...]],
        *,
        before: bool,
    ) -> tuple[list[Array], dict[str, CleanText]]:
        try:
            values, odd = self.driver.answer(sizes, {name: a.copy() for name, a in arrays.items()}, before=before)
        except Exception as error:
            raise CellError(str(error)) from None
        fitting = [a if np.shape(a) == shape else np.zeros(shape) for a, shape in zip(values, expected, strict=False)]
        found = [*fitting, *map(np.zeros, expected[len(fitting) :])]
        for position, array in enumerate(found):
            if self._is_odd():
                assert self.random is not None
                found[position] = self.random.choice(VALUES)(array)
        return found, cleaned(odd)

    def _is_odd(self) -> bool:
        return self.random is not None and self.random.random() < 0.1

    def count(self, sizes: Mapping[str, int], arrays: Any, expected: Any, most: int) -> Counted | None:
        return Counted(0, 0, 0) if self._is_odd() else None

    def run(self, jobs: Iterable[Job]) -> Iterator[Recording]:
        raise SubmissionFailure("protocol", "an API that cannot be read")

    def unroll(self, sizes: Any, arrays: Any, expected: Any) -> list[Array]:
        raise NotImplementedError

    def forget(self) -> bool:
        return False


class _as_from_a_process:
    """What is wrong with what is said ends the examination, as it does in `SubmissionProcess`."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, ProtocolError):
            raise SubmissionFailure("protocol", str(error)) from None
