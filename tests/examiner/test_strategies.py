"""The strategies draw what they promise, and shrink to what is read most easily."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import find as minimal
from hypothesis import given
from hypothesis.errors import InvalidArgument

from gru import problem, strategies
from gru.examiner import examine
from gru.layer import Sizes
from gru.problem import PRECISIONS, REGIMES, Problem
from gru.strategies import precisions, problems, regimes, sizes


@given(drawn=sizes(max_batch=2, max_input=3, max_hidden=5, max_steps=1))
def test_sizes_keep_to_their_maxima(drawn: Sizes) -> None:
    assert Sizes(1, 1, 1, 1) <= drawn
    assert all(size <= most for size, most in zip(drawn, (2, 3, 5, 1), strict=True))


@given(drawn=problems(sizes=sizes(max_steps=1), regimes=regimes(among=["tiny", "large"])))
def test_problems_keep_to_what_is_asked(drawn: Problem) -> None:
    assert drawn.sizes.steps == 1
    assert drawn.regime in ("tiny", "large")
    assert drawn.precision in PRECISIONS


@pytest.mark.one_in(4)
@pytest.mark.parametrize("regime", REGIMES)
def test_every_regime_is_drawn(regime: str) -> None:
    assert minimal(problems(), lambda drawn: drawn.regime == regime).id == f"1,1,1,1/{regime}/float64/0"


def test_a_problem_shrinks_to_the_smallest_sizes_that_show_it() -> None:
    drawn = minimal(problems(), lambda drawn: drawn.sizes.hidden > 1 and drawn.sizes.steps > 2)
    assert drawn.id == "1,1,2,3/ordinary/float64/0"


def test_a_problem_is_shown_by_its_id() -> None:
    """Neither `repr` nor the printer of Hypothesis and IPython lists the arrays."""
    from hypothesis.vendor.pretty import pretty

    drawn = problem.find("1,2,3,1/tiny/float64/7")
    assert repr(drawn) == pretty(drawn) == "find('1,2,3,1/tiny/float64/7')"


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (lambda: sizes(max_hidden=0), "max_hidden=0: a problem has at least one of each"),
        (lambda: regimes(among=["odd"]), "no regime has the name 'odd'; there are ordinary, tiny"),
        (lambda: regimes(among=[]), "no regime to draw from"),
        (lambda: precisions(among=["float16"]), "no precision has the name 'float16'; there are float64, float32"),  # type: ignore[list-item]
    ],
)
def test_what_cannot_be_drawn_is_an_error_at_once(strategy: object, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        strategy()  # type: ignore[operator]
    assert not isinstance(caught.value, InvalidArgument)


def test_without_hypothesis_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['hypothesis'] = None; import gru.strategies"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert answer.stderr.strip().endswith("ImportError: gru.strategies needs Hypothesis: pip install hypothesis")


def example() -> str:
    """The test in the docstring of the module, as its reader would type it."""
    docstring = strategies.__doc__ or ""
    lines = docstring.partition("::\n")[2].splitlines()
    return "\n".join(line.removeprefix("    ") for line in lines)


@pytest.mark.full
@pytest.mark.parametrize(("cell", "passes"), [("from wrong import GRUCell", False), ("from gru import GRUCell", True)])
def test_the_documented_example_judges_a_cell(
    cell: str, passes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "import gru\nclass GRUCell(gru.GRUCell):\n    def merge_params(self):\n        self.dW = self.dU = 0.0\n"
    (tmp_path / "wrong.py").write_text(wrong)
    monkeypatch.syspath_prepend(tmp_path)
    namespace: dict[str, object] = {}
    exec(example().replace("from my_package import GRUCell", cell), namespace)
    test = namespace["test_every_derivative"]
    if passes:
        test()  # type: ignore[operator]
    else:
        with pytest.raises(AssertionError, match="dW is a float"):
            test()  # type: ignore[operator]


@pytest.mark.full
@given(drawn=problems())
def test_an_examination_takes_one_problem(drawn: Problem) -> None:
    from gru import GRUCell
    from gru.submission.trusted import TrustedCells

    examination = examine(TrustedCells(GRUCell), problem=drawn)
    assert examination.verdict == "right"
    assert {outcome.problems for outcome in examination.outcomes} != {0}
