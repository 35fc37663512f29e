"""The gradient check of any function: a claimed one beside a measured one, without a tolerance."""

from gru.gradient.check import check_gradient, check_vjp
from gru.gradient.outcome import Comparison, GradientCheck, StateFinding

__all__ = ["Comparison", "GradientCheck", "StateFinding", "check_gradient", "check_vjp"]
