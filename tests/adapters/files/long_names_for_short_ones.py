import numpy as np


class Sigmoid:
    @staticmethod
    def calc(a):
        return 1 / (1 + np.exp(-a))


class GRULayer:
    def __init__(self, input_size: tuple[int, int], output_size: int):
        self.steps, self.width = input_size
        self.output_size = output_size
        shape = (self.width + output_size, output_size)
        self.update_gate_weights, self.reset_gate_weights = np.random.normal(size=(2, *shape))
        self.candidate_weights = np.random.normal(size=shape)
        self.bias_z, self.bias_r, self.bias_h = (np.zeros(output_size) for _ in range(3))

    def forward(self, signal):
        if signal.shape[1:] != (self.steps, self.width):
            raise ValueError("another shape")
        h, self.kept, states = np.zeros((len(signal), self.output_size)), [], []
        for t in range(self.steps):
            v = np.hstack([signal[:, t], h])
            z = Sigmoid.calc(v @ self.update_gate_weights + self.bias_z)
            r = Sigmoid.calc(v @ self.reset_gate_weights + self.bias_r)
            vr = np.hstack([signal[:, t], r * h])
            n = np.tanh(vr @ self.candidate_weights + self.bias_h)
            self.kept.append((v, vr, z, r, n, h))
            h = (1 - z) * h + z * n
            states.append(h)
        return np.stack(states, axis=1)

    def backward(self, error, is_first=False):
        d, nothing = self.width, 0
        self.dW_z, self.dW_r, self.dW_h = (np.zeros_like(self.candidate_weights) for _ in range(3))
        self.db_z, self.db_r, self.db_h = (np.zeros_like(self.bias_z) for _ in range(3))
        dx, after = np.zeros((*error.shape[:2], d)), nothing
        for t in reversed(range(self.steps)):
            v, vr, z, r, n, h = self.kept[t]
            e = error[:, t] + after
            an = e * z * (1 - n**2)
            az = e * (n - h) * z * (1 - z)
            dvr = an @ self.candidate_weights.T
            ar = dvr[:, d:] * h * r * (1 - r)
            dv = az @ self.update_gate_weights.T + ar @ self.reset_gate_weights.T
            for name, a, given in (("z", az, v), ("r", ar, v), ("h", an, vr)):
                getattr(self, "dW_" + name)[...] += given.T @ a
                getattr(self, "db_" + name)[...] += a.sum(axis=0)
            dx[:, t] = dv[:, :d] + dvr[:, :d]
            after = e * (1 - z) + dvr[:, d:] * r + dv[:, d:]
        return None if is_first else dx
