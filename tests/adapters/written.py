"""Sources of GRUs in many styles, right and with one mistake: made from a few respects in which people's code differs.

Only text: nothing here runs one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice, product

MISTAKES = {
    "equation-8": ("(1 - z)  # of z", "1.0"),
    "equation-9": ("(1 - n * n)", "(1 - n)"),
    "equation-10": ("* h * r * (1 - r)", "* r * (1 - r)"),
    "equation-11": ("gWn = {rh} ", "gWn = {h} "),
    "equation-12": ("gUn = ", "gUn = -"),
    "equation-15": ("gWz = ", "gWz = 2 * "),
    "equation-23": ("+ {zWz}", ""),
    "equation-24": ("+ {rUr}", "- {rUr}"),
    "gru/dbn": ("gbn = ", "gbn = 0.5 * "),
}
"""For each check the text in a right source, and what stands in its place where that is wrong; braces as in a style."""


@dataclass(frozen=True)
class Style:
    """How one GRU is written.

    `rows`: x @ W with a batch, else W @ x with one sample. `stacked`: one array for all gates in `order`. `old`: z
    weighs the old state. `after`: the reset gate acts after the product. `biases`: none, one or two a gate. `steps`: a
    whole sequence, the steps on the first axis. `first`: whether a first state is given.
    """

    rows: bool = True
    stacked: bool = True
    order: str = "zrn"
    old: bool = False
    after: bool = False
    biases: int = 1
    steps: bool = False
    first: bool = True

    def __str__(self) -> str:
        words = ["rows" if self.rows else "columns", "stacked" if self.stacked else "apart", self.order]
        words += [word for word in ("old", "after", "steps") if getattr(self, word)]
        return "-".join([*words, f"{self.biases}b", *([] if self.first else ["no-h0"])])

    def weight(self, kind: str, gate: str, prefix: str = "self.") -> str:
        """How the code writes the block of a gate."""
        if not self.stacked:
            return f"{prefix}{kind}{gate}"
        here = self.order.index(gate)
        part = f"{here} * H : {here + 1} * H"
        return f"{prefix}{kind}[{part}]" if kind in "bc" or not self.rows else f"{prefix}{kind}[:, {part}]"

    @property
    def kinds(self) -> str:
        """The kinds of parameters: of the input, of the state, biases."""
        return "UW" + "bc"[: self.biases]

    def words(self) -> dict[str, str]:
        """What stands in braces in a mistake."""
        if self.rows:
            return {"rh": "(r * h).T @", "h": "h.T @", "zWz": "az @ Wz.T", "rUr": "ar @ Ur.T"}
        return {"rh": "np.outer(an, r * h)", "h": "np.outer(an, h)", "zWz": "Wz.T @ az", "rUr": "Ur.T @ ar"}


def styles() -> Iterator[Style]:
    """A wide set: every pair of respects somewhere, and each with others."""
    orders = cycle(("zrn", "rzn", "nrz"))
    for rows, stacked, old, after, biases in product(
        (True, False), (True, False), (False, True), (False, True), (0, 1, 2)
    ):
        yield Style(rows, stacked, next(orders), old, after, biases)
    for stacked, old, after, first in product((True, False), (False, True), (False, True), (True, False)):
        yield Style(True, stacked, next(orders), old, after, 1, steps=True, first=first)


def mistakes_of(style: Style) -> tuple[str, ...]:
    """The mistakes that a style can have."""
    return tuple(m for m in MISTAKES if style.biases or m != "gru/dbn")


def source(style: Style, mistake: str | None = None) -> str:
    """A file with a class in this style, with a mistake in the equation of this check.

    Raises ValueError where the style does not have what the mistake changes.
    """
    text = "\n".join(_lines(style)) + "\n"
    if mistake is not None:
        old, new = (part.format(**style.words()) for part in MISTAKES[mistake])
        if mistake == "equation-11" and not style.rows:
            old, new = "gWn = np.outer(an, r * h)", "gWn = np.outer(an, h)"
        if mistake == "equation-11" and style.after:
            old, new = (
                ("gWn = h.T @ (an * r)", "gWn = h.T @ an") if style.rows else ("np.outer(an * r, h)", "np.outer(an, h)")
            )
        if mistake == "equation-10" and style.after:
            old, new = "* q * r * (1 - r)", "* r * (1 - r)"
        if text.count(old) != 1:
            raise ValueError(f"{old!r} is there {text.count(old)} times")
        text = text.replace(old, new)
    return text


def _lines(style: Style) -> Iterator[str]:
    yield "import numpy as np\n\n\ndef sigmoid(a):\n    return 1 / (1 + np.exp(-a))\n\n"
    yield "class MyGRU:\n    def __init__(self, input_size, hidden_size):"
    yield "        D, H = input_size, hidden_size\n        self.H = H"
    for kind in style.kinds:
        for gate in ("",) if style.stacked else style.order:
            width = "3 * H" if style.stacked else "H"
            size = {"U": "D", "W": "H"}.get(kind)
            shape = f"({width},)" if size is None else f"({size}, {width})" if style.rows else f"({width}, {size})"
            yield f"        self.{kind}{gate} = 0.1 * np.random.randn(*{shape})"
            yield f"        self.d{kind}{gate} = np.zeros({shape})"
    yield ""
    yield from _sequence(style) if style.steps else _cell(style)


def _unpacked(style: Style) -> Iterator[str]:
    yield "        H = self.H"
    for kind in style.kinds:
        yield from (f"        {kind}{gate} = {style.weight(kind, gate)}" for gate in "zrn")


def _forward(style: Style) -> Iterator[str]:
    bias = "".join(f" + {kind}{{g}}" for kind in style.kinds[2:])
    x, h = ("x @ U{g}", "h @ W{g}") if style.rows else ("U{g} @ x", "W{g} @ h")
    yield "        " + f"z = sigmoid({x} + {h}{bias})".replace("{g}", "z")
    yield "        " + f"r = sigmoid({x} + {h}{bias})".replace("{g}", "r")
    one = " + bn" if style.biases else ""
    two = " + cn" if style.biases > 1 else ""
    product = (
        ("h @ Wn" if style.rows else "Wn @ h") if style.after else "(r * h) @ Wn" if style.rows else "Wn @ (r * h)"
    )
    yield f"        q = {product}{two}"
    yield f"        n = np.tanh({x.replace('{g}', 'n')}{one} + {'r * q' if style.after else 'q'})"
    yield f"        new = {'z * h + (1 - z) * n' if style.old else '(1 - z) * h + z * n'}"


def _backward(style: Style) -> Iterator[str]:
    share, apart = ("(1 - z)", "(h - n)") if style.old else ("z", "(n - h)")
    yield f"        an = dh * {share} * (1 - n * n)"
    yield f"        az = dh * {apart} * z * (1 - z)  # of z"[: -len("  # of z")] + "  # of z"
    back = "(an @ Wn.T)" if style.rows else "(Wn.T @ an)"
    yield f"        ar = {'an * q' if style.after else back + ' * h'} * r * (1 - r)"

    def outer(a: str, d: str) -> str:
        return f"{a}.T @ {d}" if style.rows else f"np.outer({d}, {a.strip('()')})"

    inside = outer("h", "(an * r)" if style.rows else "an * r") if style.after else outer("(r * h)", "an")
    found = {"Uz": outer("x", "az"), "Ur": outer("x", "ar"), "Un": outer("x", "an")}
    found |= {"Wz": outer("h", "az"), "Wr": outer("h", "ar"), "Wn": inside}
    total = ".sum(axis=0)" if style.rows else ""
    for kind in style.kinds[2:]:
        inner = "(an * r)" if kind == "c" and style.after else "an"
        found |= {f"{kind}z": f"az{total}", f"{kind}r": f"ar{total}", f"{kind}n": f"{inner}{total}"}
    for name, value in found.items():
        yield f"        g{name} = {value}"
        yield (
            f"        {style.weight('d' + name[0], name[1])} += g{name}"
            if not style.stacked
            else (f"        {style.weight(name[0], name[1], 'self.d')} += g{name}")
        )
    if style.rows:
        yield "        dx = an @ Un.T + az @ Uz.T + ar @ Ur.T"
    else:
        yield "        dx = Un.T @ an + Uz.T @ az + Ur.T @ ar"
    kept = "z" if style.old else "(1 - z)"
    inner = ("(an * r) @ Wn.T" if style.rows else "Wn.T @ (an * r)") if style.after else f"{back} * r"
    rest = "az @ Wz.T + ar @ Wr.T" if style.rows else "Wz.T @ az + Wr.T @ ar"
    yield f"        dprev = dh * {kept} + {inner} + {rest}"


def _cell(style: Style) -> Iterator[str]:
    yield "    def forward(self, x, h):"
    yield from _unpacked(style)
    yield from _forward(style)
    yield "        self.cache = x, h, z, r, q, n\n        return new\n"
    yield "    def backward(self, dh):"
    yield from _unpacked(style)
    yield "        x, h, z, r, q, n = self.cache"
    yield from _backward(style)
    yield "        return dx, dprev"


def _sequence(style: Style) -> Iterator[str]:
    yield f"    def forward(self, xs{', h0' if style.first else ''}):"
    yield from _unpacked(style)
    yield f"        h = {'h0' if style.first else 'np.zeros((xs.shape[1], H))'}"
    yield "        self.tape, out = [], []\n        for x in xs:"
    yield from ("    " + line for line in _forward(style))
    yield "            self.tape.append((x, h, z, r, q, n))\n            h = new\n            out.append(h)"
    yield "        return np.array(out)\n"
    yield "    def backward(self, dout):"
    yield from _unpacked(style)
    yield "        dxs, dprev = [], 0.0\n        for d, (x, h, z, r, q, n) in zip(dout[::-1], self.tape[::-1]):"
    yield "            dh = d + dprev"
    yield from ("    " + line for line in _backward(style))
    yield "            dxs.append(dx)"
    yield f"        return np.array(dxs[::-1]){', dprev' if style.first else ''}"


def sample(count: int) -> list[tuple[Style, str]]:
    """So many styles, each with another mistake; every mistake is among them from nine on."""
    chosen = []
    for number, style in enumerate(islice(cycle(styles()), 0, None, 7)):
        known = mistakes_of(style)
        chosen.append((style, known[number % len(known)]))
        if len(chosen) == count:
            return chosen
    raise AssertionError
