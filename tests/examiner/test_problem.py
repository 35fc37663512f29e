"""Problems: a function of their ids alone, the same for everybody, over every regime."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru import oracle
from gru.layer import Sizes
from gru.layers.gru.forms import CHAPTER
from gru.problem import (
    COUNTS,
    LARGER,
    PLAN,
    PRECISIONS,
    REGIMES,
    ROUNDS,
    Problem,
    Specification,
    battery,
    find,
    identify,
)
from gru.strategies import problems

ARRAYS = ("x", "h_0", "W", "U", "upstream")


def assert_same(a: Problem, b: Problem) -> None:
    assert (a.id, a.sizes, a.regime, a.precision) == (b.id, b.sizes, b.regime, b.precision)
    for name in ("x", "h_0", "W", "U", "upstream"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@given(problem=problems())
def test_an_id_gives_the_same_problem_again(problem: Problem) -> None:
    assert_same(find(problem.id), problem)
    assert eval(repr(problem), {"find": find}).id == problem.id


@given(seed=st.integers(0, 2**64), index=st.integers(0, 300))
def test_an_index_beyond_the_plan_has_a_problem_too(seed: int, index: int) -> None:
    problem = find(f"{seed}:{index}")
    assert problem.regime in REGIMES
    assert_same(find(problem.id), problem)


@given(problem=problems())
def test_arrays_have_the_shapes_and_the_dtype_that_are_told(problem: Problem) -> None:
    batch, inputs, hidden, steps = problem.sizes
    assert problem.x.shape == (steps, batch, inputs)
    assert problem.upstream.shape == (steps, batch, hidden)
    assert problem.h_0.shape == (batch, hidden)
    assert problem.W.shape == CHAPTER.shape_of("W", problem.sizes)
    assert problem.U.shape == CHAPTER.shape_of("U", problem.sizes)
    assert {getattr(problem, name).dtype for name in ARRAYS} == {np.dtype(problem.precision)}


def test_a_problem_is_the_same_in_another_process() -> None:
    code = "from gru.problem import find; print(find('0:17').W.tobytes().hex())"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == find("0:17").W.tobytes().hex()


@pytest.mark.parametrize(
    ("short", "full"), [("17", "0:17"), ("007", "0:7"), ("1, 2,3,4/tiny/float64/05", "1,2,3,4/tiny/float64/5")]
)
def test_ids_have_one_written_form(short: str, full: str) -> None:
    assert find(short).id == full
    assert_same(find(short), find(full))


def test_identify_is_what_find_reads() -> None:
    specification = Specification(Sizes(2, 3, 4, 1), "large", "float32")
    problem = find(identify(specification, 5))
    assert (problem.id, problem.sizes) == ("2,3,4,1/large/float32/5", Sizes(2, 3, 4, 1))
    assert (problem.regime, problem.precision) == ("large", "float32")


@pytest.mark.parametrize(
    "id",
    [
        *(
            "",
            "x",
            "0:",
            ":",
            "-1",
            "0:-1",
            "-1:0",
            "1.5",
            "0:1:2",
            "/",
            "1,1,1,1/ordinary/float64",
            "1,1,1/ordinary/float64/0",
        ),
        *("0,1,1,1/ordinary/float64/0", "1,1,1,1/odd/float64/0", "1,1,1,1/ordinary/float16/0"),
        *("1,1,1,1/ordinary/float64/x", "1,1,1,1/ordinary/float64/-1", "1,1,1,1,1/ordinary/float64/0"),
    ],
)
def test_any_other_text_is_an_error_that_says_what_is_expected(id: str) -> None:
    with pytest.raises(ValueError, match=r"no problem has the id .*expected SEED:INDEX, such as 0:17.*saturated"):
        find(id)


class TestBattery:
    """The problems of an examination."""

    def test_it_is_the_same_for_the_same_seed_and_another_for_another(self) -> None:
        for a, b in zip(battery("normal", 3), battery("normal", 3), strict=True):
            assert_same(a, b)
        other = battery("normal", 4)
        assert all(not np.array_equal(a.W, b.W) for a, b in zip(battery("normal", 3), other, strict=True))

    @pytest.mark.parametrize("effort", ["quick", "normal", "thorough"])
    def test_problems_come_from_the_smallest_up(self, effort: str) -> None:
        found = battery(effort, 0)  # type: ignore[arg-type]
        volumes = [Specification(problem.sizes).volume() for problem in found]
        assert len(found) == COUNTS[effort] + len(LARGER) * ROUNDS[effort]  # type: ignore[index]
        assert volumes == sorted(volumes)
        assert found[0].sizes == Sizes(1, 1, 1, 1)

    def test_every_problem_is_found_by_its_id(self) -> None:
        for problem in battery("normal", 2):
            assert_same(find(problem.id), problem)

    def test_normal_effort_covers_every_regime_and_precision(self) -> None:
        found = battery("normal", 0)
        assert {problem.regime for problem in found} == set(REGIMES)
        assert {problem.precision for problem in found} == set(PRECISIONS)

    def test_normal_effort_covers_the_sizes_at_which_mistakes_hide(self) -> None:
        sizes = {specification.sizes for specification in PLAN}
        assert {size.steps for size in sizes} >= {1, 2, 3, 4, 12}
        for one in ("batch", "input", "hidden"):
            lengths = {getattr(size, one) for size in sizes}
            assert 1 in lengths
            assert len(lengths) > 3, one
        assert any(size.input == size.hidden > 1 for size in sizes)
        assert any(size.batch == size.hidden > 1 for size in sizes)
        differing = [size for size in sizes if len({size.batch, size.input, size.hidden}) == 3]
        assert len(differing) > len(sizes) / 3

    def test_smaller_efforts_are_beginnings_of_larger_ones(self) -> None:
        ids = [{problem.id for problem in battery(effort, 0)} for effort in ("quick", "normal", "thorough")]
        assert ids[0] < ids[1] < ids[2]


class TestRegimes:
    """What a regime promises."""

    def preactivations(self, problem: Problem) -> np.ndarray:
        at = oracle.given(problem)
        return np.abs(at["h_p"][0] @ at["wz"] + at["x"][0] @ at["uz"])

    @given(seed=st.integers(0, 999))
    def test_saturated_reaches_far_and_not_beyond_800(self, seed: int) -> None:
        problem = find(f"2,3,4,1/saturated/float64/{seed}")
        assert 9.9 < self.preactivations(problem).max() < 801

    def test_tiny_is_where_gates_are_one_half(self) -> None:
        assert self.preactivations(find("2,3,4,1/tiny/float64/0")).max() < 1e-4

    def test_zeros_are_zeros(self) -> None:
        assert not find("2,3,4,2/zero-state/float64/0").h_0.any()
        assert not find("2,3,4,2/zero-input/float64/0").x.any()
        assert not find("2,3,4,2/zero-upstream/float64/0").upstream.any()

    def test_upstream_gradients_are_scaled(self) -> None:
        assert np.abs(find("2,3,4,2/small-upstream/float64/0").upstream).max() < 1e-5
        assert np.abs(find("2,3,4,2/large-upstream/float64/0").upstream).max() > 1e5
