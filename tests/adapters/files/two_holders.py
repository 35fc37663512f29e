import numpy as np

sig = lambda a: 1 / (1 + np.exp(-a))


class GRU:
    def __init__(self, D, H):
        self.D, self.H = D, H
        self.p = {k: np.random.randn(H, D) * 0.2 for k in ("Wz", "Wr", "Wc")}
        self.p.update({k: np.random.randn(H, H) * 0.2 for k in ("Uz", "Ur", "Uc")})
        self.p.update({k: np.zeros(H) for k in ("bz", "br", "bc")})
        self.g = {k: np.zeros_like(v) for k, v in self.p.items()}

    def forward(self, X, h0=None):
        p, h = self.p, np.zeros(self.H) if h0 is None else h0
        self.tape, out = [], []
        for x in X:
            z = sig(p["Wz"] @ x + p["Uz"] @ h + p["bz"])
            r = sig(p["Wr"] @ x + p["Ur"] @ h + p["br"])
            c = np.tanh(p["Wc"] @ x + p["Uc"] @ (r * h) + p["bc"])
            self.tape.append((x, h, z, r, c))
            h = h + z * (c - h)
            out.append(h)
        return np.array(out)

    def backward(self, dout):
        p, g = self.p, self.g
        dX, carry = [], np.zeros(self.H)
        for (x, h, z, r, c), d in zip(reversed(self.tape), reversed(dout)):
            d = d + carry
            az = d * (c - h) * z * (1 - z)
            ac = d * z * (1 - c**2)
            u = p["Uc"].T @ ac
            ar = u * h * r * (1 - r)
            for k, a, hh in (("z", az, h), ("r", ar, h), ("c", ac, r * h)):
                g["W" + k] += np.outer(a, x)
                g["U" + k] += np.outer(a, hh)
                g["b" + k] += a
            dX.append(p["Wz"].T @ az + p["Wr"].T @ ar + p["Wc"].T @ ac)
            carry = d * (1 - z) + p["Uz"].T @ az + p["Ur"].T @ ar + u * r
        return np.array(dX[::-1])


class BiGRU:
    def __init__(self, D, H):
        self.fw, self.bw = GRU(D, H), GRU(D, H)

    def forward(self, X):
        a = self.fw.forward(X)
        b = self.bw.forward(X[::-1])[::-1]
        return np.concatenate([a, b], axis=1)

    def backward(self, dout):
        H = self.fw.H
        da = self.fw.backward(dout[:, :H])
        db = self.bw.backward(dout[::-1, H:])[::-1]
        return da + db
