"""The names that people give to sizes, arguments, parameters and passes in hand-written recurrent layers.

Patterns alone: what a name suggests is tried by the other modules, and never believed.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

FORWARD = re.compile(
    r"forward(?!_?backward)|fwd|fprop|^__call__$|^step$|feed|_step$|^call$|_step(?=_)|_cell$|^predict$|_data_is$",
    re.IGNORECASE,
)
BACKWARD = re.compile(
    r"backward|backprop|back_prop|bprop|_?bptt$|_bwd|_?back$|^grad(ient)?s?$|_grad(ient)?s?$|_vjp$|_diff_is$",
    re.IGNORECASE,
)
LOSS = re.compile(
    r"loss|bptt|forward_?backward|fwd_?bwd|forward_?and_?back|^train(_?(batch|once|on_?batch|sequence|one))?$|train_?step|"
    r"cost|^fit_|^optimi[sz]e$",
    re.IGNORECASE,
)

SIZE_NAMES = {
    "input": "in_dim input_dim input_size n_in n_input n_x d d_in idim in_size in_features inputs input_length x_dim "
    "xsz n_features num_features feature_size embedding_dim embed_size embed_dim emb_dim vocab_size word_dim d_model "
    "input_units in_channels size_in dim_in in_ n_vocab v data_dim i input_shape feature_dim x_size in_d "
    "input_len num_input input_features nb_in vocab word_size",
    "hidden": "hidden_dim hidden_size n_hidden num_hidden n_h h hdim units hidden_units hidden n_a size hsz nhid "
    "hid_dim hid_size dim_hidden hidden_length n_units state_size n_neurons hidden_layer_size cell_size num_units "
    "h_size rnn_size gru_h d_hid hidden_len mem_cell_ct d_h n_cells state_dim nb_hidden",
    "output": "out_dim output_size n_y ysz output_dim n_out num_classes n_classes out_features out_size output_units o "
    "n_output output_length y_dim out_d num_output",
    "batch": "batch_size batch n minibatch mini_batch_size n_batch b m",
    "steps": "seq_len seq_length t n_steps steps sequence_length num_steps time_steps n_sequence max_len tau t_x "
    "bptt_truncate",
}
"""Names of sizes, as constructors in use call them."""

_SIZES = {name.replace("_", ""): size for size, names in SIZE_NAMES.items() for name in names.split()}


def size_named(name: str) -> str | None:
    """The size that a name tells, however it is joined: `n_hidden`, `nHidden`, `NHIDDEN`; None where it tells none."""
    plain = name.lower().replace("_", "")
    # `n_outputs` is `n_output`; of short names `hs` is more than one h.
    return _SIZES.get(plain) or (_SIZES.get(plain.removesuffix("s")) if len(plain) > 3 else None)


def of_several(name: str) -> bool:
    """Whether a name may be that of the sizes of several layers: `hidden_sizes`, `layers`, `dims`."""
    plain = name.lower().replace("_", "")
    is_plural = plain.endswith("s") and len(plain) > 3 and plain not in _SIZES
    return is_plural and (
        plain.removesuffix("s") in _SIZES or re.fullmatch("(layer)?(sizes|dims|widths|layers)", plain) is not None
    )


GENERATOR = "generator"
"""An argument that draws the parameters: a generator of NumPy's."""

GUESSES: dict[str, Any] = {
    "lr": 0.01, "learning_rate": 0.01, "eta": 0.01, "alpha": 0.01, "seed": 0, "dtype": np.float64, "bias": True,
    "use_bias": True, "scale": 0.1, "std": 0.1, "init_scale": 0.1, "sigma": 0.1, "weight_scale": 0.1,
    "activation": "tanh", "name": "gru", "stateful": False, "rng": GENERATOR,
}  # fmt: skip
"""Arguments of constructors that are no sizes, where they have no default."""

STATE_NAMES = re.compile(
    r"^_?(h|h_?t|h_?0|hs|h_?prev|prev_?h|state|hidden|hidden_state|h_?next|a_?prev|x|xs|x_?t|m|s|c_?prev|c_?t|c_?0)$"
)
"""Arrays of an object by these names are what it works on, and no parameters."""

FIRST_STATE = re.compile(r"^(h|c|s|a)_?0$|^(init(ial)?|first)_(h|c|state|hidden)$")
"""Those of them that are there before the first step."""

WEIGHT = re.compile(r"^_?(w|u|v|r|k|theta|weight)", re.IGNORECASE)
BIAS = re.compile(r"^_?b(?!atch)|bias", re.IGNORECASE)
NOT_PARAMETERS = re.compile(r"^(m|d|mem|v|g|grad)_?[A-Z]")
"""What an optimiser keeps for each parameter, and the gradients."""

NOT_WEIGHTS = re.compile(r"^d?_?(g|grads?|gradients?|dparams?|deltas?)$", re.IGNORECASE)
"""The name of a thing that holds all gradients, beside one that holds all parameters."""

BESIDE_PARAMETERS = re.compile(r"diff|grad|delta|adam|moment|veloc|optim|cache", re.IGNORECASE)
"""The same, by the name of the thing that holds it."""

OF_OPTIMISER = re.compile(r"^_?(m|v|mem|vel|mom)$|adam|moment|veloc|optim|rms", re.IGNORECASE)
"""What holds, by the names of the parameters, what an optimiser keeps of each: no gradients."""

OF_INPUT = re.compile(r"x|i(?!as)|inp", re.IGNORECASE)

X = re.compile(
    r"^(x|xs|x_?t|x_in|x_?seq|inputs?|inp|data|xt|embeds?|x_batch|sequence|seq|a_prev_layer|h_prev_l|x_?curr)$",
    re.IGNORECASE,
)
H = re.compile(
    r"^(h|hs|h_?0|h_?p|h_?prev(ious)?(_t)?|h_?t(_?1|_minus_1|_prev)?|prev_?h|hprev|hidden(_state|_t_1)?|state|h_?init|"
    r"init(ial)?_?(h|state|hidden)|a_?prev|a_?0|h_?pre|last_h|prev_?(hidden|state)|h_?old|s_?prev|s|h_?in|hx|h_tm1)$",
    re.IGNORECASE,
)
C = re.compile(
    r"^(c|cs|c_?0|c_?p|c_?prev(ious)?(_t)?|c_?t(_?1|_minus_1|_prev)?|prev_?c|cell(_state)?|c_?init|init(ial)?_?(c|cell)|"
    r"prev_?cell|c_?old|c_?in|cx|c_tm1|prev_?memory|s_?prev)$",
    re.IGNORECASE,
)
ANSWERED = re.compile(
    r"^(h|h_?t|h_?next|h_?new|next_?h|a_?next|hs|h_?curr|h_?out|out|outputs?|y|hidden)$", re.IGNORECASE
)
"""What a backward pass may be given of what forward has answered."""

DELTA = re.compile(
    r"^(d|grad|delta|in_grad|upstream|err|error|g|(top|upper|next|out|output)_(d[a-z]?|diff\w*|grad\w*|delta\w*)$)",
    re.IGNORECASE,
)
DELTA_LAST = re.compile(r"^(d|grad|delta)_?(h|hidden|state|s|a)?_?(n|last|final|end|T)$")
"""The gradient for the last state alone, where forward answers that beside the states."""

UPSTREAM = re.compile(
    r"^(d_?[hyoaxsg]|grad|delta|err|upstream)(?!(ata|im|ims|imension|ict|epth|one|type|rop\w*|evice)s?$)\w*$",
    re.IGNORECASE,
)
"""What a method is given that goes backward, whatever it is called."""

TARGETS = re.compile(r"^(y|ys|y_?true|y_?hat|targets?|labels?|t)$", re.IGNORECASE)
RATE = re.compile(r"^(lr|learn(ing)?_?rate|eta|alpha|step_size|l2|reg|lambda_?|momentum)$", re.IGNORECASE)
OPTIMISERS = re.compile(r"^_?opt(im(i[sz]ers?)?)?$", re.IGNORECASE)
ACTIVATION = re.compile(r"activ|^act(_?fn|_?func)?$|^phi$", re.IGNORECASE)
DEPTHS = re.compile(r"^(n|num|number)_?(of_?)?(hidden_?)?layers$|^(layers|depth|nlayer|n_?stack)$", re.IGNORECASE)
"""How many layers there are, one above the other."""

_LETTER, _POSITION = r"(char|ch|c|word|w|token|tok|letter|symbol)s?", r"(ix|idx|int|i|id|index|num)"
ALPHABETS = {
    "positions": re.compile(
        rf"^{_LETTER}_?(to|2)_?{_POSITION}$|^stoi$|^(vocab|char|word)_?(dict|map|index|ids)$", re.I
    ),
    "letters by position": re.compile(rf"^{_POSITION}_?(to|2)_?{_LETTER}$|^itos$", re.I),
    "letters": re.compile(r"^(vocab(ulary)?|chars|alphabet|charset|words|tokens|symbols)$", re.I),
}
"""Arguments that are an alphabet: the position of each letter, the letter at each position, or all letters."""

SHAPE = re.compile(r"shape", re.IGNORECASE)
"""An argument that is all sizes of an input in one tuple."""

SETUP = re.compile(
    r"^(compile|build|setup|set_up|create|initiali[sz]e|init|(init(iali[sz]e)?|create|make)_?(layer|weights|params?|parameters))$",
    re.IGNORECASE,
)
"""Methods that make the parameters of an object, where its constructor does not."""

MODEL = re.compile(r"^(m|p|w|theta|model|params?|parameters|weights)$", re.IGNORECASE)
"""What a method may be given that its object holds: all parameters."""

FLAG = re.compile(
    r"^(use_?|with_?|has_?|is_?)?(bias(es)?|reversed?|go_?backwards?|backwards?|flip(ped)?|bidirectional|bi_?dir|"
    r"reset_?after|linear_before_reset|batch_?first|time_?major|return_?(seq|sequences?|all|state)|peepholes?|coupled)$",
    re.IGNORECASE,
)
"""Arguments that are on or off, and change what is computed, or in which layout, and never whether it is a gradient."""

CACHE = re.compile(
    r"cache|memory|saved|(?<!d)(?<!d_)(?<!grad_)(ctx|context)|tape|store|intermediate|residual|^(res|aux|trace)$",
    re.IGNORECASE,
)

OF_CONTEXT = re.compile(r"^_?(ctx|context)$", re.IGNORECASE)
"""What forward may be given to save things in, before all else."""

DX = re.compile(
    r"^_?(d_?x|d_?xs|grad_?x|dx_?t|d_?inputs?|grad_?inputs?|d_?x_?t|dxt|din|dinp|dinput|dout_x|gx|dl_?dx|dx_?out|g_x|bottom_diff_x)$",
    re.IGNORECASE,
)
DH = re.compile(
    r"^_?(d_?h_?(prev|0|p|_?t_?1|t|next|init)?(_t|_out)?|d_?prev_?h|dhprev|grad_?h(_?prev|_?0)?|d_?a_?(prev|0)|d_?hidden|"
    r"d_?state|dh_?in|d_?h_?0|d_?prev_?(state|hidden)|g_?h|dl_?dh|da_?prev_?t|da0|bottom_diff_h)$",
    re.IGNORECASE,
)
DC = re.compile(
    r"^_?(d_?c_?(prev|0|p|_?t_?1|t|next|init)?(_t|_out)?|d_?prev_?c|dcprev|grad_?c(_?prev|_?0)?|d_?cell|dc_?in|d_?c_?0|"
    r"d_?prev_?cell|g_?c|dl_?dc|dc_?prev_?t|bottom_diff_s)$",
    re.IGNORECASE,
)

OF_CELL = re.compile(
    r"^(d|d_|grad_?|delta_?)?(prev_?|next_?|new_?)?(c|cell)([^a-z]|t$|next|new|prev|_|$)", re.IGNORECASE
)
"""An LSTM's c, or its gradient, where h stands beside it."""


def role_of(name: str, names: Sequence[str]) -> str | None:
    """What an argument of this name is, among others: `x`, `h`, `c`, or nothing that is known."""
    if X.match(name):
        return "x"
    # Beside an h, s is the cell state.
    if H.match(name) and not (name in ("s", "s_prev") and {"h", "h_prev"} & set(names)):
        return "h"
    return "c" if C.match(name) else None


def stem(name: str) -> str:
    """What is left of the name of a pass without what says in which direction it goes."""
    return FORWARD.sub("", BACKWARD.sub("", name).strip("_")).strip("_")


def is_called_a_parameter(place: str, name: str) -> bool:
    """Whether a weight or a bias may stand at a place, which is known by this name."""
    called = (WEIGHT.match(name) or BIAS.match(name)) is not None
    return called and not NOT_PARAMETERS.match(name) and not BESIDE_PARAMETERS.search(place)


def rank(name: str) -> int:
    """GRUs first, then what may be one, then what is another part of a network."""
    low = name.lower()
    if "gru" in low:
        return 0
    another = "sigmoid|tanh|relu|linear|dense|affine|loss|adam|sgd|softmax|embed|tensor|dropout"
    return OTHER_PART if re.search(another, low) else 1


OTHER_PART = 2
"""The rank of what is another part of a network than a recurrent layer."""
