import numpy as np


def sigmoid(x):
    return 1.0 / (1 + np.exp(-x))


class LstmParam:
    def __init__(self, mem_cell_ct, x_dim):
        self.mem_cell_ct = mem_cell_ct
        self.x_dim = x_dim
        n = x_dim + mem_cell_ct
        r = np.random.RandomState(3)
        self.wg, self.wi, self.wf, self.wo = (r.uniform(-0.1, 0.1, (mem_cell_ct, n)) for _ in range(4))
        self.bg, self.bi, self.bf, self.bo = (r.uniform(-0.1, 0.1, mem_cell_ct) for _ in range(4))
        self.zero()

    def zero(self):
        for k in "gifo":
            setattr(self, "w%s_diff" % k, np.zeros_like(getattr(self, "w" + k)))
            setattr(self, "b%s_diff" % k, np.zeros_like(getattr(self, "b" + k)))


class LstmNode:
    def __init__(self, param):
        self.param = param

    def bottom_data_is(self, x, s_prev, h_prev):
        self.s_prev, self.h_prev = s_prev, h_prev
        xc = np.hstack((x, h_prev))
        p = self.param
        self.g = np.tanh(p.wg @ xc + p.bg)
        self.i = sigmoid(p.wi @ xc + p.bi)
        self.f = sigmoid(p.wf @ xc + p.bf)
        self.o = sigmoid(p.wo @ xc + p.bo)
        self.s = self.g * self.i + s_prev * self.f
        self.h = np.tanh(self.s) * self.o
        self.xc = xc
        return self.h, self.s

    def top_diff_is(self, top_diff_h, top_diff_s):
        p = self.param
        ds = self.o * (1 - np.tanh(self.s) ** 2) * top_diff_h + top_diff_s
        do = np.tanh(self.s) * top_diff_h
        di = self.g * ds
        dg = self.i * ds
        df = self.s_prev * ds
        di_in = self.i * (1 - self.i) * di
        df_in = self.f * (1 - self.f) * df
        do_in = self.o * (1 - self.o) * do
        dg_in = (1 - self.g**2) * dg
        p.wi_diff += np.outer(di_in, self.xc)
        p.bi_diff += di_in
        p.wf_diff += np.outer(df_in, self.xc)
        p.bf_diff += df_in
        p.wo_diff += np.outer(do_in, self.xc)
        p.bo_diff += do_in
        p.wg_diff += np.outer(dg_in, self.xc)
        p.bg_diff += dg_in
        dxc = p.wi.T @ di_in + p.wf.T @ df_in + p.wo.T @ do_in + p.wg.T @ dg_in
        self.diff_s = ds * self.f
        self.diff_h = dxc[p.x_dim :]
        return dxc[: p.x_dim]
