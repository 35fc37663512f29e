# Homework 4: vanilla RNN, many-to-many, relu and MSE
import numpy as np


class VanillaRNN:
    def __init__(self, input_dim=3, hidden_dim=8, output_dim=2, activation="relu"):
        np.random.seed(0)
        self.W_xh = np.random.uniform(-0.3, 0.3, size=(input_dim, hidden_dim))
        self.W_hh = np.random.uniform(-0.3, 0.3, size=(hidden_dim, hidden_dim))
        self.W_hy = np.random.uniform(-0.3, 0.3, size=(hidden_dim, output_dim))
        self.b_h = np.zeros((1, hidden_dim))
        self.b_y = np.zeros((1, output_dim))
        self.hidden_dim = hidden_dim

    def forward(self, X):
        batch, seq_len, _ = X.shape
        self.X = X
        self.hs = np.zeros((batch, seq_len + 1, self.hidden_dim))
        self.pre = np.zeros((batch, seq_len, self.hidden_dim))
        ys = []
        for t in range(seq_len):
            self.pre[:, t] = X[:, t] @ self.W_xh + self.hs[:, t] @ self.W_hh + self.b_h
            self.hs[:, t + 1] = np.maximum(0, self.pre[:, t])
            ys.append(self.hs[:, t + 1] @ self.W_hy + self.b_y)
        self.ys = np.stack(ys, axis=1)
        return self.ys

    def loss(self, y_pred, y_true):
        return 0.5 * np.mean(np.sum((y_pred - y_true) ** 2, axis=(1, 2)))

    def backward(self, y_true):
        batch, seq_len, _ = self.X.shape
        grads = {"W_xh": 0, "W_hh": 0, "W_hy": 0, "b_h": 0, "b_y": 0}
        dh_next = np.zeros((batch, self.hidden_dim))
        for t in reversed(range(seq_len)):
            dy = (self.ys[:, t] - y_true[:, t]) / batch
            grads["W_hy"] = grads["W_hy"] + self.hs[:, t + 1].T @ dy
            grads["b_y"] = grads["b_y"] + dy.sum(axis=0, keepdims=True)
            dh = dy @ self.W_hy.T + dh_next
            dz = dh * (self.pre[:, t] > 0)
            grads["W_xh"] = grads["W_xh"] + self.X[:, t].T @ dz
            grads["W_hh"] = grads["W_hh"] + self.hs[:, t].T @ dz
            grads["b_h"] = grads["b_h"] + dz.sum(axis=0, keepdims=True)
            dh_next = dz @ self.W_hh.T
        return grads
