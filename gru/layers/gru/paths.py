"""Where each derivative of the chapter comes from: the factors along every path from the loss to a quantity."""

Path = tuple[tuple[str, str], ...]
"""Factors of one path from the loss to a quantity: what each is, and its value as a line of Python."""

_THROUGH_CANDIDATE = ("∂loss/∂z_h̃t, by (9)", "dzn")
_THROUGH_RESET = ("∂loss/∂z_rt, by (10)", "dzr")
_THROUGH_UPDATE = ("∂loss/∂z_zt, by (8)", "dzz")
_UPSTREAM = ("∂loss/∂h_t, given", "in_grad")

PATHS: dict[str, tuple[Path, ...]] = {
    "dzz": ((_UPSTREAM, ("∂h_t/∂z_t, by (4)", "n - h_p"), ("∂z_t/∂z_zt, by (1)", "z * (1 - z)")),),
    "dzn": ((_UPSTREAM, ("∂h_t/∂h̃_t, by (4)", "z"), ("∂h̃_t/∂z_h̃t, by (3)", "1 - n * n")),),
    "dzr": (
        (
            _THROUGH_CANDIDATE,
            ("∂z_h̃t/∂(r_t ∘ h_{t-1}), by (7)", "wn.mT"),
            ("∂(r_t ∘ h_{t-1})/∂r_t", "h_p"),
            ("∂r_t/∂z_rt, by (2)", "r * (1 - r)"),
        ),
    ),
    "dwn": ((("∂z_h̃t/∂W_h, by (7)", "(r * h_p).mT"), _THROUGH_CANDIDATE),),
    "dun": ((("∂z_h̃t/∂U_h, by (7)", "x.mT"), _THROUGH_CANDIDATE),),
    "dwr": ((("∂z_rt/∂W_r, by (6)", "h_p.mT"), _THROUGH_RESET),),
    "dur": ((("∂z_rt/∂U_r, by (6)", "x.mT"), _THROUGH_RESET),),
    "dwz": ((("∂z_zt/∂W_z, by (5)", "h_p.mT"), _THROUGH_UPDATE),),
    "duz": ((("∂z_zt/∂U_z, by (5)", "x.mT"), _THROUGH_UPDATE),),
    "dh": (
        (_UPSTREAM, ("∂h_t/∂h_{t-1}, by (4) itself", "1 - z")),
        (_THROUGH_CANDIDATE, ("∂z_h̃t/∂(r_t ∘ h_{t-1}), by (7)", "wn.mT"), ("∂(r_t ∘ h_{t-1})/∂h_{t-1}", "r")),
        (_THROUGH_RESET, ("∂z_rt/∂h_{t-1}, by (6)", "wr.mT")),
        (_THROUGH_UPDATE, ("∂z_zt/∂h_{t-1}, by (5)", "wz.mT")),
    ),
    "dx": (
        (_THROUGH_CANDIDATE, ("∂z_h̃t/∂x_t, by (7)", "un.mT")),
        (_THROUGH_RESET, ("∂z_rt/∂x_t, by (6)", "ur.mT")),
        (_THROUGH_UPDATE, ("∂z_zt/∂x_t, by (5)", "uz.mT")),
    ),
}
"""Where each derivative comes from: the factors along every path from the loss. At sizes 1 the
products, summed over the paths, are the equation itself."""
