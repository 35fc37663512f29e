"""The check of a gradient in one line: verdicts, what is told, state, and bad input."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import gru
from gru.gradient import GradientCheck
from gru.testing import assert_gradient, assert_vjp

Array = Any
RNG = np.random.default_rng(7)
X, W, B = RNG.standard_normal((5, 3)), RNG.standard_normal((3, 4)), RNG.standard_normal(4)


def loss(x: Array, W: Array, b: Array) -> Any:
    return np.tanh(x @ W + b).sum()


def gradient(x: Array, W: Array, b: Array) -> tuple[Array, ...]:
    d = 1 - np.tanh(x @ W + b) ** 2
    return d @ W.T, x.T @ d, d.sum(0)


def forward(x: Array, W: Array, b: Array) -> Array:
    return np.maximum(x @ W + b, 0)


def backward(c: Array, x: Array, W: Array, b: Array) -> tuple[Array, ...]:
    d = c * (x @ W + b > 0)
    return d @ W.T, x.T @ d, d.sum(0)


def check(change: Callable[[list[Array]], Any]) -> GradientCheck:
    """The check of the right gradient, changed."""
    return gru.check_gradient(loss, (X, W, B), lambda *arguments: change(list(gradient(*arguments))))


def test_a_right_gradient_is_right_and_names_its_arguments() -> None:
    found = check(tuple)
    assert found.verdict == "right"
    assert [c.argument for c in found.comparisons] == ["x", "W", "b"]
    assert all(c.method == "complex step" for c in found.comparisons)


def test_a_backward_pass_is_right_whatever_takes_complex_numbers() -> None:
    assert gru.check_vjp(forward, backward, (X, W, B)).verdict == "right"
    found = gru.check_vjp(lambda x: np.abs(x), lambda c, x: c * np.sign(x), (X,))
    assert (found.verdict, found["x"].method) == ("right", "differences")


@pytest.mark.parametrize(
    ("change", "argument", "pattern"),
    [
        (lambda g: [-g[0], g[1], g[2]], "x", "wrong sign"),
        (lambda g: [g[0], g[1] / 5, g[2]], "W", "averaged"),
        (lambda g: [g[0], g[1], g[2] * 0], "b", "zero everywhere"),
        (lambda g: [g[0], g[1][::-1], g[2]], "W", "reversed"),
        (lambda g: [g[0] - g[0].mean(1, keepdims=True), g[1], g[2]], "x", "same amount all along axis 1"),
        (lambda g: [g[0], g[1] + 0.1 * W, g[2]], "W", "differs by 0.1 times the argument"),
        (lambda g: [g[0], g[1] + W * (g[1] * W).sum(0), g[2]], "W", "a multiple of the argument along axis 0"),
        (lambda g: [g[0], g[1] * [1, 1, 0, 0], g[2]], "W", "only where axis 1 is 2, 3, and is zero there"),
    ],
)
def test_a_wrong_gradient_is_told_with_its_pattern(change: Any, argument: str, pattern: str) -> None:
    found = check(change)
    assert found[argument].verdict == "wrong"
    assert [c.argument for c in found.comparisons if c.verdict != "right"] == [argument]
    assert str(found).startswith(argument)
    assert pattern in str(found)
    assert len(str(found).splitlines()) <= 15


def test_one_entry_off_by_a_thousandth_is_found_where_it_is() -> None:
    def off(g: list[Array]) -> list[Array]:
        g[1][2, 1] *= 1.001
        return g

    found = check(off)["W"]
    assert (found.verdict, found.entry, found.wrong, found.size) == ("wrong", (2, 1), 1, 12)
    assert found.ratio == pytest.approx(1.001)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_scale_of_the_loss_and_the_precision_do_not_matter(scale: float, dtype: Any) -> None:
    arguments = tuple(a.astype(dtype) for a in (X, W, B))
    own = dtype(scale)

    def scaled(*a: Array) -> Any:
        return own * loss(*a)

    assert gru.check_gradient(scaled, arguments, lambda *a: [own * g for g in gradient(*a)]).verdict == "right"
    wrong = gru.check_gradient(scaled, arguments, lambda *a: [own * g * (1 + 1e-3) for g in gradient(*a)])
    assert [c.verdict for c in wrong.comparisons] == ["wrong"] * 3


def test_an_assertion_carries_the_message() -> None:
    assert_gradient(loss, (X, W, B), gradient)
    assert_vjp(forward, backward, (X, W, B))
    with pytest.raises(AssertionError, match=r"x\[\d, \d\]: wrong: claimed .*, measured .* ± "):
        assert_gradient(loss, (X, W, B), lambda *a: [2 * g for g in gradient(*a)])


def test_a_kink_is_told_as_one_and_is_no_mistake() -> None:
    x = np.array([1.0, 0.0, -2.0])
    found = gru.check_gradient(lambda x: np.maximum(x, 0).sum(), x, lambda x: (x > 0).astype(float))
    assert found.verdict == "right"
    assert found["x"].kinks == ((1,),)
    wrong = gru.check_gradient(lambda x: np.maximum(x, 0).sum(), x, lambda x: np.where(x < 0, 0.5, x > 0))
    assert wrong["x"].entry == (2,)
    assert wrong.verdict == "wrong"


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-5, 1e-7])
def test_near_a_kink_a_right_gradient_is_right_and_a_wrong_one_wrong(distance: float) -> None:
    x = np.array([1.0, distance, -2.0])
    found = gru.check_gradient(lambda x: (np.abs(x) * [1, 2, 3]).sum(), x, lambda x: np.sign(x) * [1, 2, 3])
    assert found.verdict == "right"
    wrong = gru.check_gradient(lambda x: (np.abs(x) * [1, 2, 3]).sum(), x, lambda x: np.sign(x) * [1, 2.02, 3])
    assert wrong.verdict == "wrong"


def test_where_several_kinks_meet_no_choice_of_slopes_is_a_mistake() -> None:
    x = X.copy()
    x[0] = 0

    def back(c: Array, x: Array, W: Array) -> tuple[Array, Array]:
        return (c * (x @ W > 0)) @ W.T, x.T @ (c * (x @ W > 0))

    found = gru.check_vjp(lambda x, W: np.maximum(x @ W, 0), back, (x, W))
    assert found.verdict == "right", str(found)
    assert found["x"].kinks
    weights = np.array([0.0, 1.0, -2.0, 0.0])
    penalty = lambda w: np.abs(w).sum() + (w**2).sum()  # noqa: E731
    assert gru.check_gradient(penalty, weights, lambda w: np.sign(w) + 2 * w).verdict != "wrong"
    assert gru.check_gradient(penalty, weights, lambda w: np.sign(w) + w).verdict == "wrong"


def test_ties_and_kinks_in_which_a_gradient_jumps_are_told_as_kinks() -> None:
    x = np.array([1.0, 2.0, 2.0, 0.0])
    shared = gru.check_gradient(np.max, x, lambda x: (x == x.max()) / (x == x.max()).sum())
    assert (shared.verdict, shared["a"].kinks) == ("right", ((1,), (2,)))
    assert gru.check_gradient(np.max, x, lambda x: (x == x.max()) * 1.5).verdict == "wrong"


def test_a_complex_step_that_is_dropped_beyond_a_kink_is_not_believed() -> None:
    residuals = np.array([0.0, 2.0, 1.0, -5.0, 4.0, 1.0, -1.0])

    def huber(r: Array) -> Any:
        size = np.abs(r)
        return np.where(size <= 1, 0.5 * r * r, size - 0.5).sum()

    assert gru.check_gradient(huber, residuals, lambda r: np.clip(r, -1, 1)).verdict == "right"
    assert gru.check_gradient(huber, residuals, lambda r: np.clip(r, -1, 1.5)).verdict == "wrong"


def test_a_slope_outside_those_of_both_sides_of_a_kink_is_wrong() -> None:
    def leaky(x: Array) -> Array:
        return np.where(x > 0, x, 0.01 * x)

    at_zero = np.array([2.0, 1.0, 0.0, 3.0])
    assert gru.check_vjp(leaky, lambda c, x: c * np.where(x > 0, 1, 0.01), at_zero).verdict == "right"
    assert gru.check_vjp(leaky, lambda c, x: c * (x > 0), at_zero).verdict == "wrong"


@pytest.mark.parametrize("frequency", [1e4, 1e8])
def test_a_function_that_changes_fast_is_no_noise(frequency: float) -> None:
    def wave(x: Array) -> Any:
        return np.sin(frequency * x).sum()

    assert gru.check_gradient(wave, B, lambda x: frequency * np.cos(frequency * x)).verdict == "right"
    assert gru.check_gradient(wave, B, lambda x: 1.01 * frequency * np.cos(frequency * x)).verdict == "wrong"


def test_numbers_that_differ_little_are_measured_on_their_own_scale() -> None:
    x = B + 1e6
    assert gru.check_gradient(np.std, x, lambda x: (x - x.mean()) / x.size / np.std(x)).verdict == "right"
    assert gru.check_gradient(np.std, x, lambda x: 1.01 * (x - x.mean()) / x.size / np.std(x)).verdict == "wrong"


def test_saturated_digits_that_are_lost_are_no_mistake() -> None:
    x = np.array([17.0, 18.3, 19.2, 25.0])
    found = gru.check_gradient(lambda x: np.tanh(x).sum(), x, lambda x: 1 - np.tanh(x) ** 2)
    assert found.verdict != "wrong"
    mixed = np.array([17.0, 18.3, 0.5])
    assert gru.check_gradient(lambda x: np.tanh(x).sum(), mixed, lambda x: 1 - np.tanh(x) ** 2).verdict == "right"


def test_directions_find_what_entries_would_and_say_what_they_may_miss() -> None:
    found = gru.check_gradient(loss, (X, W, B), gradient, along=3)
    assert found.verdict == "right"
    assert found["W"].directions == 3
    assert found["W"].missed(1e-3) < 1e-9
    assert gru.check_gradient(loss, (X, W, B), lambda *a: [g * 1.001 for g in gradient(*a)], along=1).verdict == "wrong"


def test_dicts_lists_numbers_and_labels_are_arguments() -> None:
    parameters = {"W": W, "layers": [B, 2.0]}

    def nested(p: Any, labels: Array) -> Any:
        return (np.sin(p["W"][:, labels]) * p["layers"][1]).sum() + (p["layers"][0] ** 2).sum()

    def by_hand(p: Any, labels: Array) -> Any:
        g = np.zeros_like(p["W"])
        np.add.at(g.T, labels, (np.cos(p["W"][:, labels]) * p["layers"][1]).T)
        return {"W": g, "layers": [2 * p["layers"][0], np.sin(p["W"][:, labels]).sum()]}

    found = gru.check_gradient(nested, (parameters, np.array([0, 2, 2])), by_hand)
    assert found.verdict == "right", str(found)
    assert [c.argument for c in found.comparisons] == ["p['W']", "p['layers'][0]", "p['layers'][1]"]


def test_a_cache_goes_from_the_forward_pass_to_the_backward_pass() -> None:
    found = gru.check_vjp(
        lambda x, W: (np.tanh(x @ W), (x, W, np.tanh(x @ W))),
        lambda c, cache: ((c * (1 - cache[2] ** 2)) @ cache[1].T, cache[0].T @ (c * (1 - cache[2] ** 2))),
        (X, W),
        cache=True,
    )
    assert found.verdict == "right"


@pytest.mark.parametrize("function", [np.var, np.linalg.norm, np.max, lambda x: np.abs(x).sum()])
def test_what_refuses_complex_numbers_is_measured_by_differences(function: Any) -> None:
    def by_hand(x: Array) -> Array:
        return {
            np.var: lambda: 2 * (x - x.mean()) / x.size,
            np.linalg.norm: lambda: x / np.linalg.norm(x),
            np.max: lambda: (x == x.max()).astype(float),
        }.get(function, lambda: np.sign(x))()

    assert gru.check_gradient(function, B, by_hand).verdict == "right"
    assert gru.check_gradient(function, B, lambda x: by_hand(x) * 1.001).verdict == "wrong"


# What users have


class Layer:
    """A layer as courses have it: the forward pass keeps what the backward pass needs, and that adds up."""

    def __init__(self) -> None:
        self.W, self.b, self.dW = W.copy(), B.copy(), np.zeros_like(W)

    def forward(self, x: Array) -> Array:
        self.x, self.h = x, np.tanh(x @ self.W + self.b)
        return self.h

    def backward(self, c: Array) -> Array:
        d = c * (1 - self.h**2)
        self.dW += self.x.T @ d
        return d @ self.W.T


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_layer_that_remembers_is_called_forward_before_it_is_called_backward(dtype: Any) -> None:
    layer = Layer()
    assert gru.check_vjp(layer.forward, layer.backward, X.astype(dtype)).verdict == "right"
    assert gru.check_vjp(layer.forward, lambda c, x: 1.001 * layer.backward(c), X.astype(dtype)).verdict == "wrong"


def test_a_gradient_that_adds_up_is_told_how_to_be_called() -> None:
    layer = Layer()

    def by_weights(W: Array) -> Array:
        layer.W = W
        return layer.forward(X)

    def adding(c: Array, W: Array) -> Array:
        layer.backward(c)
        return layer.dW

    def from_zero(c: Array, W: Array) -> Array:
        layer.dW = np.zeros_like(W)
        return adding(c, W)

    assert "adds to what it returned before" in str(gru.check_vjp(by_weights, adding, W))
    assert gru.check_vjp(by_weights, from_zero, W).verdict == "right"


def test_a_function_that_returns_its_gradient_beside_its_value_is_checked_with_true() -> None:
    assert gru.check_gradient(lambda *a: (loss(*a), *gradient(*a)), (X, W, B), True).verdict == "right"
    assert gru.check_gradient(lambda x: (np.sin(x).sum(), np.sin(x)), X, True).verdict == "wrong"
    with pytest.raises(ValueError, match=r"must return \(value, gradient\)"):
        gru.check_gradient(loss, (X, W, B), True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gradient_of_numbers_is_judged_where_it_was_computed(dtype: Any) -> None:
    at = [a.astype(dtype) for a in (X, W, B)]
    found = gru.check_gradient(loss, at, list(gradient(*at)))
    assert found.verdict == "right"
    assert "given as numbers" in str(found)
    again = gru.check_gradient(loss, at, lambda *_: gradient(*at))
    assert again.verdict == "right"
    assert "same at other arguments" in str(again)
    for wrong in ([g * 1.001 for g in gradient(*at)], {"x": at[0], "W": at[1], "b": at[2]}):
        assert gru.check_gradient(loss, at, wrong).verdict == "wrong"
    cotangent = np.ones((5, 4), dtype)
    assert gru.check_vjp(forward, backward(cotangent, *at), at, cotangent=cotangent).verdict == "right"
    with pytest.raises(ValueError, match="give it with cotangent="):
        gru.check_vjp(forward, backward(cotangent, *at), at)


def test_numbers_that_are_zero_but_for_rounding_are_right() -> None:
    """A shift of all numbers before their mean is taken off."""
    x, shift = RNG.standard_normal(9), np.array(0.3)

    def varies(x: Array, shift: Array) -> Any:
        return np.linalg.norm((x + shift) - (x + shift).mean())

    away = (x + shift) - (x + shift).mean()
    by_x = away / np.linalg.norm(away)
    assert gru.check_gradient(varies, (x, shift), (by_x, by_x.sum())).verdict == "right"
    assert gru.check_gradient(varies, (x, shift), (by_x, by_x.sum() + 1e-3)).verdict == "wrong"


def test_numbers_at_kinks_that_meet_are_no_mistake() -> None:
    rows, own = np.array([[1.0, 1.0, 0.0], [-1.0, 0.0, -1.0], [2.0, -3.0, 1.0]]), np.array([1.0, -2.0, 1.0])
    weights = np.array(
        [1.0, -1.0, -1.0]
    )  # the first two rows are exactly at zero: by W[0] both sides have other slopes

    def by_hand(W: Array) -> Array:
        return rows.T @ (own * (rows @ W > 0))

    found = gru.check_gradient(lambda W: own @ np.maximum(rows @ W, 0), weights, by_hand(weights))
    assert found.verdict == "right", str(found)
    assert found["W"].kinks


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "right"), (10.0, "cannot_tell"), (1e6, "wrong")])
def test_numbers_far_from_all_slopes_beside_kinks_that_meet_are_not_right(factor: float, verdict: str) -> None:
    rng = np.random.default_rng(0)
    x, W, own, b = rng.standard_normal((6, 3)), rng.standard_normal((3, 4)), rng.standard_normal((6, 4)), np.zeros(4)
    x[1:3] = 0
    d = own * (x @ W + b > 0)
    by_b = d.sum(0) * [1, 1, factor, 1]
    found = gru.check_gradient(lambda x, b: (own * np.maximum(x @ W + b, 0)).sum(), (x, b), (d @ W.T, by_b))
    assert (found.verdict, found["x"].verdict) == (verdict, "right"), str(found)


def test_numbers_that_may_be_rounded_cannot_be_told_from_a_mistake() -> None:
    saturated = np.array([17.0, 18.3, 19.2])
    by_hand = 1 - np.tanh(saturated) ** 2
    found = gru.check_gradient(lambda x: np.tanh(x).sum(), saturated, by_hand)
    assert found.verdict == "cannot_tell"
    assert "give the gradient as a function" in str(found)
    assert (
        gru.check_gradient(lambda x: np.tanh(x).sum(), np.append(saturated, 0.5), np.append(by_hand, 0.7)).verdict
        == "wrong"
    )


@dataclass
class Parameters:
    """Weights as a dataclass."""

    W: Array
    b: Array


def test_arguments_are_taken_as_the_function_takes_them() -> None:
    by_name = gru.check_gradient(loss, {"x": X, "W": W, "b": B}, gradient)
    assert (by_name.verdict, [c.argument for c in by_name.comparisons]) == ("right", ["x", "W", "b"])
    a_list = gru.check_gradient(lambda a: loss(*a), [X, W, B], lambda a: gradient(*a))
    assert [c.argument for c in a_list.comparisons] == ["a[0]", "a[1]", "a[2]"]
    own = gru.check_gradient(
        lambda p: loss(X, p.W, p.b), Parameters(W, B), lambda p: Parameters(*gradient(X, p.W, p.b)[1:])
    )
    assert (own.verdict, [c.argument for c in own.comparisons]) == ("right", ["p.W", "p.b"])
    assert gru.check_gradient(lambda x: (x * x).sum(), B, lambda x: [2 * one for one in x]).verdict == "right"


# State


def test_a_gradient_that_changes_its_argument_is_a_fault() -> None:
    def changes(x: Array) -> Array:
        x *= 2
        return x.copy()

    found = gru.check_gradient(lambda x: (x * x).sum(), (X,), changes)
    assert found.verdict == "wrong"
    assert "changes its argument x" in str(found)


def test_a_gradient_that_adds_up_is_told_as_keeping_state() -> None:
    total = np.zeros_like(X)

    def adds(x: Array) -> Array:
        nonlocal total
        total = total + 2 * x
        return total

    found = gru.check_gradient(lambda x: (x * x).sum(), (X,), adds)
    assert "adds-up" in [s.kind for s in found.state]
    assert found.verdict == "wrong"


def test_a_random_function_is_told_as_random() -> None:
    rng = np.random.default_rng(0)
    found = gru.check_gradient(lambda x: (x * rng.random(x.shape)).sum(), X, lambda x: np.ones_like(x))
    assert found.verdict == "cannot_tell"
    assert "the function is random" in str(found)


def test_what_is_random_and_was_the_same_twice_is_told_as_random() -> None:
    coins = iter([False, False, False, False, False, True, False, True, True, False] * 9)
    found = gru.check_gradient(lambda x: x.sum() * next(coins), X, lambda x: np.ones_like(x))
    assert found.verdict == "cannot_tell"
    assert [(one.kind, one.who) for one in found.state] == [("random", "function")]


def test_a_gradient_that_returns_its_argument_is_told_and_right() -> None:
    found = gru.check_gradient(lambda x: (x * x).sum() / 2, X, lambda x: x)
    assert found.verdict == "right"
    assert "returns the memory of its argument x" in str(found)


def test_arguments_are_left_alone_and_prints_are_held_back(capsys: pytest.CaptureFixture[str]) -> None:
    def prints(x: Array) -> Any:
        print("called")
        return (x * x).sum()

    x = X.copy()
    found = gru.check_gradient(prints, x, lambda x: 2 * x)
    assert np.array_equal(x, X)
    assert capsys.readouterr().out == ""
    assert "the function prints" in str(found)


# Inputs that cannot tell


@pytest.mark.parametrize(
    ("function", "arguments", "by_hand", "options", "words"),
    [
        (lambda x, W: x @ W, (np.eye(3) + RNG.random((3, 3)), RNG.random((3, 3))), None, {}, "every size is 3"),
        (lambda x, W: x @ W, (RNG.random((2, 3)), np.zeros((3, 4))), None, {}, "W is zero"),
        (lambda x, W: x @ W, (RNG.random((2, 3)), np.diag([1.0, 2, 3])), None, {}, "W is symmetric"),
        (lambda x, W: x @ W, (RNG.random((2, 3)), RNG.random((3, 4))), None, {"cotangent": np.ones((2, 4))}, "is 1"),
    ],
)
def test_inputs_that_cannot_tell_are_told(
    function: Any, arguments: Any, by_hand: Any, options: Any, words: str
) -> None:
    found = gru.check_vjp(function, lambda c, x, W: (c @ W.T, x.T @ c), arguments, **options)
    assert found.verdict == "right"
    assert any(words in note for note in found.blind), found.blind


def test_a_backward_pass_without_a_cotangent_is_told_what_it_was_called_with() -> None:
    found = gru.check_vjp(np.square, lambda x: 2 * x, X)
    assert found.verdict == "wrong"
    assert "the backward pass takes one argument, and was called with the cotangent" in str(found)


def test_a_cotangent_that_is_left_out_is_told() -> None:
    found = gru.check_vjp(np.square, lambda c, x: 2 * x, X)
    assert found.verdict == "wrong"
    assert "the same for another cotangent" in str(found)


def test_gradients_in_each_others_place_are_told() -> None:
    same = gru.check_vjp(lambda x, y: x * y**2, lambda c, x, y: (2 * c * x * y, c * y**2), (X, 1 + X))
    assert "the gradients by x and y are in each other's place" in str(same)
    other = gru.check_vjp(lambda x, W: x @ W, lambda c, x, W: (x.T @ c, c @ W.T), (X, W))
    assert "x: wrong: the gradient has shape (3, 4), that of W, but x has shape (5, 3)" in str(other)
    unsummed = gru.check_vjp(lambda x, b: x + b, lambda c, x, b: (c, c), (X, X[0]))
    assert "has shape (5, 3), which is not summed over what it is broadcast along" in str(unsummed)


# Bad input


@pytest.mark.parametrize(
    ("function", "arguments", "by_hand", "message"),
    [
        (loss, (X.astype(int), W.astype(int), B.astype(int)), gradient, "no argument holds floats"),
        (loss, (X[:0], W[:0], B[:0]), gradient, "every array of floats is empty"),
        (loss, (X * np.nan, W, B), gradient, r"x holds nan at \[0, 0\]"),
        (loss, (X.astype(object), W, B), gradient, "array of objects"),
        (lambda x: x, (X,), lambda x: x, "use check_vjp"),
        (lambda x: np.log(x.sum() * 0), (X,), lambda x: x, "returns -inf"),
        (loss, (X, W, B), lambda x, W, b: gradient(x, W, b)[:2], "2 parts, but there are 3"),
        (loss, (X, W, B), lambda x, W, b: x, "one array of shape"),
        (loss, (X, W, B), lambda x, W, b: {"x": x, "W": W, "b": b, "c": b}, "has c, which is no argument"),
        (lambda p: p["a"].sum(), {"a": X}, lambda p: {"a": X * 0 + 1, "b": X}, "has b, which is no argument"),
        (lambda p: p["a"].sum(), {"a": X}, lambda p: {}, "lacks a"),
        (loss, (X, W, B), lambda x, W, b: {"x": x, "W": W}, "lacks b"),
        (lambda x: None, (X,), lambda x: x, "the function returns None"),
        (lambda a: a * a, 2, lambda a: 2 * a, "a is the whole number 2: write 2.0"),
        (lambda p: p["a"].sum(), {"a": X}, lambda p: [X, X], "must be a dict like p, but it is a list"),
        (3, (X,), lambda x: x, "the function must be callable, but it is an int"),
        (loss, (X, W, B), None, "the gradient must be a function, its result, or True .* but it is None"),
        (loss, (np.ma.array(X), W, B), gradient, "x is a MaskedArray: give a plain array"),
    ],
)
def test_bad_input_has_its_own_message(function: Any, arguments: Any, by_hand: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        gru.check_gradient(function, arguments, by_hand)


@pytest.mark.parametrize(
    ("function", "by_hand", "message"),
    [
        (np.fft.fft, lambda c, x: c, "return its real and imaginary parts"),
        (lambda x: (x, "cache"), lambda c, x: c, "cache=True"),
        (lambda x: np.sin(x), lambda x, c: c * np.cos(x), r"called as backward\(cotangent, x\)"),
    ],
)
def test_bad_backward_passes_have_their_own_message(function: Any, by_hand: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        gru.check_vjp(function, by_hand, B)


def test_an_error_of_the_function_itself_is_told_with_what_it_was_called_with() -> None:
    with pytest.raises(ValueError, match="matmul") as error:
        gru.check_gradient(loss, (X, W.T, B), gradient)
    assert "with one array of shape (5, 3), one array of shape (4, 3)" in error.value.__notes__[0]


def test_a_number_that_the_gradient_has_nothing_for_is_told() -> None:
    found = gru.check_gradient(lambda x, eps: (x * x).sum() + eps, (X, 1e-5), lambda x, eps: {"x": 2 * x})
    assert found.verdict == "right"
    assert "eps is not differentiated by" in str(found)


@pytest.mark.parametrize(
    ("function", "arguments", "by_hand"),
    [
        (lambda p: (p["W"] @ p["b"]).sum(), {"W": W, "b": B}, lambda p: {"dW": 0 * W + B, "db": W.sum(0)}),
        (lambda W, b: (W @ b).sum(), (W, B), lambda W, b: {"grad_W": 0 * W + b, "grad_b": W.sum(0)}),
        (lambda a, b: a * b**2, (1.5, 2.5), lambda a, b: np.array([b * b, 2 * a * b])),
        (lambda v: sum(x * x for x in v), [1.5, 2.5], lambda v: 2 * np.array(v)),
        (lambda x, how: (x * how["factor"]).sum(), (X, {"factor": 0.5}), lambda x, how: 0 * x + 0.5),
    ],
)
def test_a_gradient_is_taken_in_the_forms_that_people_return(function: Any, arguments: Any, by_hand: Any) -> None:
    assert gru.check_gradient(function, arguments, by_hand).verdict == "right"
    twice = gru.check_gradient(function, arguments, lambda *given: doubled(by_hand(*given)))
    assert twice.verdict == "wrong"


def doubled(gradient: Any) -> Any:
    return {name: 2 * part for name, part in gradient.items()} if isinstance(gradient, dict) else 2 * gradient


def test_of_a_function_that_takes_long_is_warned_and_directions_are_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 100.0])
    monkeypatch.setattr("gru.gradient.check.perf_counter", lambda: next(clock))
    with pytest.warns(UserWarning, match=r"takes 100 s, and every entry may take one of 15: along=3"):
        assert gru.check_gradient(lambda x: (x * x).sum(), X, lambda x: 2 * x).verdict == "right"


def test_a_gradient_of_another_shape_is_wrong() -> None:
    found = gru.check_gradient(lambda x: (x * x).sum(), X, lambda x: 2 * x.T)
    assert found.verdict == "wrong"
    assert "the gradient has shape (3, 5), but x has shape (5, 3)" in str(found)


def test_a_function_that_raises_at_every_perturbed_point_is_an_error_that_says_so() -> None:
    def raises(x: Array) -> Any:
        if not np.array_equal(x, X):
            raise RuntimeError("not here")
        return (x * x).sum()

    with pytest.raises(ValueError, match="raises RuntimeError: not here"):
        gru.check_gradient(raises, X, lambda x: 2 * X)


def test_a_function_and_a_gradient_that_change_their_arguments_spoil_no_later_call() -> None:
    def changes(x: Array) -> Any:
        x -= x.max()
        return np.exp(x).sum()

    def by_hand(x: Array) -> Array:
        e = np.exp(x - x.max())
        g = e.copy()
        g[x == x.max()] -= e.sum()
        x *= 0
        return g

    found = gru.check_gradient(changes, B, by_hand)
    assert found["x"].verdict == "right", str(found)
    assert {s.kind for s in found.state} == {"changes-argument"}


@pytest.mark.parametrize("function", [lambda x: (x.T @ x).ravel(), lambda x: x.sum(0), lambda x: np.cumsum(x, axis=-1)])
def test_perturbations_that_do_not_go_together_are_measured_one_by_one(function: Any) -> None:
    def by_hand(c: Array, x: Array) -> Array:
        steps = np.eye(x.size).reshape(-1, *x.shape)
        moved = np.array([function(x + 1j * 2.0**-100 * step).imag * 2.0**100 for step in steps])
        return (moved * c).reshape(x.size, -1).sum(1).reshape(x.shape)

    found = gru.check_vjp(function, by_hand, X[:3])
    assert (found.verdict, found["x"].method) == ("right", "complex step")
    assert gru.check_vjp(function, lambda c, x: by_hand(c, x) * 1.001, X[:3]).verdict == "wrong"


def test_rows_and_columns_that_do_not_mix_are_moved_at_once_and_those_that_mix_are_not() -> None:
    def product(x: Array, W: Array) -> Array:
        return np.tanh(x.dot(W))

    def backward(c: Array, x: Array, W: Array, off: float = 0.0) -> tuple[Array, Array]:
        d = c * (1 - product(x, W) ** 2)
        dW = x.T @ d
        dW[3, 5] += off * np.abs(dW).max()
        return d @ W.T, dW

    x, W = RNG.standard_normal((6, 7)), RNG.standard_normal((7, 9))
    right = gru.check_vjp(product, backward, (x, W))
    assert right.verdict == "right"
    # One for each row of W and not for each of its 63 entries.
    assert right.calls < 50
    found = gru.check_vjp(product, lambda *given: backward(*given, off=1e-6), (x, W))
    assert (found["W"].verdict, found["W"].entry, found["W"].wrong) == ("wrong", (3, 5), 1)

    def across(x: Array) -> Array:
        return x - np.tanh(x).sum(axis=0) / 100 + x * x.sum() / 100

    def back(c: Array, x: Array) -> Array:
        one = np.ones_like(x)
        return c - (1 - np.tanh(x) ** 2) * c.sum(axis=0) / 100 + c * x.sum() / 100 + one * (c * x).sum() / 100

    assert gru.check_vjp(across, back, RNG.standard_normal((6, 7))).verdict == "right"


def test_what_a_complex_step_drops_is_found_however_small_it_is_beside_other_arguments() -> None:
    def function(x: Array, b: Array) -> Any:
        return (x * x).sum() + 1e-9 * (np.real(b) ** 2).sum()

    assert gru.check_gradient(function, (X, B), lambda x, b: (2 * x, 2e-9 * b)).verdict == "right"
    found = gru.check_gradient(function, (X, B), lambda x, b: (2 * x, 0 * b))
    assert (found["x"].verdict, found["b"].verdict) == ("right", "wrong")


def test_arguments_are_verified_along_one_direction() -> None:
    few = gru.check_gradient(loss, (X, W, B), gradient, along=1).calls
    assert few <= gru.check_gradient(lambda x: loss(x, W, B), X, lambda x: gradient(x, W, B)[0], along=1).calls + 4


def test_a_cache_that_is_not_told_is_asked_for() -> None:
    found = gru.check_vjp(lambda x: (np.tanh(x), x), lambda c, cache: c * (1 - np.tanh(cache) ** 2), X)
    assert "say cache=True" in str(found)
