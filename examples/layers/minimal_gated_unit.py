"""The minimal gated unit (Zhou et al. 2016), as a layer: a GRU with one gate, f, in the place of z and r.

`gru check --layer minimal_gated_unit.py FILE` examines a file with a class `MGUCell`.
"""

from gru.layer import Carried, Layer

LAYER = Layer(
    "mgu",
    title="minimal gated unit",
    cell="MGUCell",
    gates={"f": "f", "n": "h"},
    parameters={"W": "hidden", "U": "input"},
    carried=[Carried("h_p", "h_{t-1}", state="h", upstream="in_grad", upstream_symbol="δ_t")],
)


@LAYER.preactivation("zf", "z_f", "the gate's pre-activation")
def gate(h_p, x, wf, uf):
    return h_p @ wf + x @ uf


@LAYER.preactivation("zn", "z_h̃", "the candidate's pre-activation")
def candidate(f, h_p, x, wn, un):
    return (f * h_p) @ wn + x @ un


LAYER.activation("f", "f_t", "the gate", "sigmoid", of="zf")
LAYER.activation("n", "h̃_t", "the candidate", "np.tanh", of="zn", written="h̃")


@LAYER.equation("h", "h_t", "the hidden state")
def state(f, n, h_p):
    return (1 - f) * h_p + f * n


@LAYER.derivative("dzn", "δ_zh̃", of="zn")
def candidate_gradient(in_grad, f, n):
    return in_grad * f * (1 - n * n)


@LAYER.derivative("dzf", "δ_zf", of="zf", idea="f acts in two places: on the new state, and on what the candidate sees")
def gate_gradient(in_grad, n, h_p, dzn, wn, f):
    return (in_grad * (n - h_p) + (dzn @ wn.mT) * h_p) * f * (1 - f)


LAYER.add("dwn", "d_{W_h,t}", of="wn", formula="(f * h_p).mT @ dzn")
LAYER.add("dun", "d_{U_h,t}", of="un", formula="x.mT @ dzn")
LAYER.add("dwf", "d_{W_f,t}", of="wf", formula="h_p.mT @ dzf")
LAYER.add("duf", "d_{U_f,t}", of="uf", formula="x.mT @ dzf")
LAYER.add("dh", "δ_{h_{t-1}}", of="h_p", formula="in_grad * (1 - f) + (dzn @ wn.mT) * f + dzf @ wf.mT")
LAYER.add("dx", "δ_{x_t}", of="x", formula="dzn @ un.mT + dzf @ uf.mT")
