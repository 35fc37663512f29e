"""Cells as text, made of parts that can each be written in another way: right ones, and wrong ones with what is wrong.

None of the wrong formulas is in the catalogue. Each cell comes with all its values shown, and with all hidden that need
not be shown. Nothing here examines anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

PARTS: dict[str, str] = {
    "before": "",
    "sigmoid": "1 / (1 + np.exp(-a))",
    "split": "w[:size], w[size:2 * size], w[2 * size:]",
    "merged": "z r n",
    "z": "sigmoid(h_p @ self.wz + x @ self.uz)",
    "r": "sigmoid(h_p @ self.wr + x @ self.ur)",
    "n": "np.tanh((self.r * h_p) @ self.wn + x @ self.un)",
    "h": "(1 - self.z) * h_p + self.z * self.n",
    "dzz": "in_grad * (self.n - h_p) * self.z * (1 - self.z)",
    "dzn": "in_grad * self.z * (1 - self.n ** 2)",
    "dzr": "(self.dzn @ self.wn.T) * h_p * self.r * (1 - self.r)",
    "dwn": "(self.r * h_p).T @ self.dzn",
    "dun": "self.x.T @ self.dzn",
    "dwr": "h_p.T @ self.dzr",
    "dur": "self.x.T @ self.dzr",
    "dwz": "h_p.T @ self.dzz",
    "duz": "self.x.T @ self.dzz",
    "dh": "in_grad * (1 - self.z) + (self.dzn @ self.wn.T) * self.r + self.dzr @ self.wr.T + self.dzz @ self.wz.T",
    "dx": "self.dzn @ self.un.T + self.dzr @ self.ur.T + self.dzz @ self.uz.T",
}
"""The parts of a right cell. `merged` is the order of the blocks of dW, and of dU where a second line tells another."""

FORWARD, BACKWARD, OUT = ("z", "r", "n", "h"), tuple(PARTS)[8:17], ("dh", "dx")
HIDDEN = ("x", "z", "r", "n", *BACKWARD, *(weights + gate for weights in "wu" for gate in "zrn"))
NUMBERS = dict(zip((*FORWARD, *BACKWARD, *OUT), (1, 2, 3, 4, *range(8, 17), 23, 24), strict=True))


@dataclass(frozen=True)
class Varied:
    """A right cell with some parts in another way, and the checks that must be wrong: equations by name, others by id.

    `where_hidden` holds these where the values are hidden and tell less.
    """

    parts: Mapping[str, str]
    wrong: tuple[str, ...] = ()
    where_hidden: tuple[str, ...] | None = None

    def checks(self, *, hidden: bool) -> set[str]:
        """The ids of the checks that must be wrong."""
        names = self.wrong if self.where_hidden is None or not hidden else self.where_hidden
        return {f"equation-{NUMBERS[name]}" if name in NUMBERS else name for name in names}

    def cell(self, *, hidden: bool) -> Any:
        """The class, in a module of its own."""
        module = ModuleType("submission")
        exec(source(self.parts, hidden=hidden), vars(module))
        return module.GRUCell


def source(parts: Mapping[str, str], *, hidden: bool) -> str:
    """The text of the cell with these parts in place of the right ones."""
    part = PARTS | parts
    of_w, *of_u = part["merged"].splitlines()

    def computed(names: tuple[str, ...]) -> str:
        return "\n".join(f"        self.{name} = {part[name]}" for name in names)

    def merged(weights: str, order: str) -> str:
        return f"np.concatenate([{', '.join(f'self.d{weights}{gate}' for gate in order.split())}])"

    text = f"""import numpy as np
{part["before"]}

def sigmoid(a):
    return {part["sigmoid"]}

class GRUCell:
    def __init__(self, input_size, hidden_size):
        self.sizes = input_size, hidden_size

    def split_params(self, w, size):
        return {part["split"]}

    def get_params(self, W, U):
        self.wz, self.wr, self.wn = self.split_params(W, self.sizes[1])
        self.uz, self.ur, self.un = self.split_params(U, self.sizes[0])

    def forward(self, x, h_p, W, U):
        self.get_params(W, U)
        self.x = x
{computed(FORWARD)}

    def backward(self, h_p, in_grad):
{computed(BACKWARD)}
        self.merge_params()
{computed(OUT)}

    def merge_params(self):
        self.dW = {merged("w", of_w)}
        self.dU = {merged("u", of_u[0] if of_u else of_w)}
"""
    return re.sub(rf"self\.({'|'.join(HIDDEN)})\b", r"self._\1", text) if hidden else text


RIGHT: dict[str, Varied] = {
    "σ by tanh": Varied({"sigmoid": "0.5 * (1 + np.tanh(0.5 * a))"}),
    "σ by logaddexp": Varied({"sigmoid": "np.exp(-np.logaddexp(0, -a))"}),
    "σ by where": Varied({"sigmoid": "np.where(a < 0, np.exp(-abs(a)), 1) / (1 + np.exp(-abs(a)))"}),
    "h by lerp": Varied({"h": "h_p + self.z * (self.n - h_p)"}),
    "(8) by h": Varied({"dzz": "in_grad * (self.h - h_p) * (1 - self.z)"}),
    "(9) in factors": Varied({"dzn": "in_grad * self.z * (1 - self.n) * (1 + self.n)"}),
    "σ′ as a difference": Varied({"dzr": "(self.dzn @ self.wn.T) * h_p * (self.r - self.r ** 2)"}),
    "outer products": Varied({"dwz": "sum(np.outer(a, d) for a, d in zip(h_p, self.dzz))"}),
    "einsum": Varied({"dun": "np.einsum('bi,bj->ij', self.x, self.dzn)"}),
    "matrix": Varied({"dx": "np.asmatrix(" + PARTS["dx"] + ")"}),
    "single precision of one": Varied({"dx": "(" + PARTS["dx"] + ").astype(np.float32)"}),
    "Fortran order": Varied({name: f"np.asfortranarray({PARTS[name]})" for name in BACKWARD}),
    "one product for dx": Varied(
        {"dx": "np.hstack([self.dzz, self.dzr, self.dzn]) @ np.hstack([self.uz, self.ur, self.un]).T"}
    ),
    "a cache with all in its key": Varied(
        {
            "before": "KNOWN = {}",
            "z": "KNOWN.setdefault((x.tobytes(), h_p.tobytes(), W.tobytes(), U.tobytes(), x.shape, x.dtype.str), "
            + PARTS["z"]
            + ")",
        }
    ),
}

_SWAPPED = {
    "h": "self.z * h_p + (1 - self.z) * self.n",
    "dzz": "in_grad * (h_p - self.n) * self.z * (1 - self.z)",
    "dzn": "in_grad * (1 - self.z) * (1 - self.n ** 2)",
    "dh": "in_grad * self.z + (self.dzn @ self.wn.T) * self.r + self.dzr @ self.wr.T + self.dzz @ self.wz.T",
}
"""The form in which z acts on the old state, forward and backward."""

WRONG: dict[str, Varied] = {
    "hard σ": Varied({"sigmoid": "np.clip(0.2 * a + 0.5, 0, 1)"}, ("z", "r")),
    "ε in σ": Varied({"sigmoid": "1 / (1 + np.exp(-a) + 1e-7)"}, ("z", "r")),
    "relu for tanh": Varied({"n": "np.maximum((self.r * h_p) @ self.wn + x @ self.un, 0)"}, ("n",)),
    "one row of x for all": Varied({"n": "np.tanh((self.r * h_p) @ self.wn + x[0] @ self.un)"}, ("n",)),
    "tanh by exponentials": Varied(
        {
            "before": "def tanh(a):\n    p, q = np.exp(a), np.exp(-a)\n    return (p - q) / (p + q)",
            "n": "tanh((self.r * h_p) @ self.wn + x @ self.un)",
        },
        ("n",),
    ),
    "(1) and (8)": Varied(
        {"z": "sigmoid(h_p @ self.wz - x @ self.uz)", "dzz": "in_grad * self.n * self.z * (1 - self.z)"}, ("z", "dzz")
    ),
    "(3) and (10)": Varied(
        {
            "n": "np.tanh(h_p @ self.wn + x @ self.un)",
            "dzr": "self.dzn * h_p * self.r * (1 - self.r)",
        },
        ("n", "dzr"),
    ),
    "(4) and (9)": Varied({"h": PARTS["h"] + " * 1.1", "dzn": "in_grad * self.z * (1 - self.n)"}, ("h", "dzn")),
    "σ′ squared": Varied({"dzz": "in_grad * (self.n - h_p) * (self.z * (1 - self.z)) ** 2"}, ("dzz",)),
    "the square root of r": Varied({"dzr": "(self.dzn @ self.wn.T) * h_p * self.r ** 0.5 * (1 - self.r)"}, ("dzr",)),
    "(11) and (12) of δ_zr": Varied(
        {"dwn": "(self.r * h_p).T @ self.dzr", "dun": "self.x.T @ self.dzr"},
        ("dwn", "dun"),
    ),
    "(15) and (16) of δ_zr": Varied({"dwz": "h_p.T @ self.dzr", "duz": "self.x.T @ self.dzr"}, ("dwz", "duz")),
    "x squared in all of dU": Varied(
        {f"du{gate}": f"(self.x ** 2).T @ self.dz{gate}" for gate in "nrz"}, ("dun", "dur", "duz")
    ),
    "a mean where batches are large": Varied({"dun": PARTS["dun"] + " * (0.99 if len(h_p) > 20 else 1)"}, ("dun",)),
    "where the batch has more rows than x columns": Varied(
        {"duz": PARTS["duz"] + " * (0.99 if len(h_p) > self.x.shape[1] else 1)"}, ("duz",)
    ),
    "merged n r z": Varied({"merged": "n r z"}, ("merge",)),
    "dU alone merged z n r": Varied({"merged": "z r n\nz n r"}, ("merge",)),
    "merged r z n, and (8)": Varied({"merged": "r z n", "dzz": "in_grad * (self.n - h_p) * self.z"}, ("merge", "dzz")),
    "split r z n": Varied({"split": "w[size:2 * size], w[:size], w[2 * size:]"}, ("split",)),
    "split in turns": Varied({"split": "w[0::3], w[1::3], w[2::3]"}, ("split",)),
    "another form, and (8)": Varied(_SWAPPED | {"dzz": "in_grad * (h_p - self.n) * self.z"}, ("h", "dzz")),
    "another form, and (24)": Varied(
        _SWAPPED | {"dx": "self.dzn @ self.un.T + 0.5 * self.dzr @ self.ur.T + self.dzz @ self.uz.T"}, ("h", "dx")
    ),
    "h_prev of the first use": Varied(
        {"dwr": "(self.__dict__.setdefault(h_p.shape, h_p)).T @ self.dzr"},
        ("state",),
    ),
}
