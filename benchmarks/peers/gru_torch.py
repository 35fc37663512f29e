"""Equations (1)–(4) in PyTorch."""

from typing import Any

import torch


def loss(x: Any, h_0: Any, W: Any, U: Any, upstream: Any) -> Any:
    """Σ_t upstream_t · h_t."""
    (wz, wr, wn), (uz, ur, un) = W.chunk(3), U.chunk(3)
    h, total = h_0, 0.0
    for x_t, from_above in zip(x, upstream, strict=True):
        z = torch.sigmoid(h @ wz + x_t @ uz)
        r = torch.sigmoid(h @ wr + x_t @ ur)
        n = torch.tanh((r * h) @ wn + x_t @ un)
        h = (1 - z) * h + z * n
        total = total + (from_above * h).sum()
    return total
