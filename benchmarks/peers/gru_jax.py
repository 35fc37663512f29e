"""Equations (1)–(4) in JAX."""

from typing import Any

import jax
import jax.numpy as jnp


def loss(x: Any, h_0: Any, W: Any, U: Any, upstream: Any) -> Any:
    """Σ_t upstream_t · h_t, the steps as one loop that is compiled."""
    (wz, wr, wn), (uz, ur, un) = jnp.split(W, 3), jnp.split(U, 3)

    def step(h: Any, given: Any) -> Any:
        x_t, from_above = given
        z = jax.nn.sigmoid(h @ wz + x_t @ uz)
        r = jax.nn.sigmoid(h @ wr + x_t @ ur)
        n = jnp.tanh((r * h) @ wn + x_t @ un)
        h = (1 - z) * h + z * n
        return h, (from_above * h).sum()

    return jax.lax.scan(step, h_0, (x, upstream))[1].sum()
