from copy import copy

import numpy as np


class Tanh:
    def __call__(self, a):
        return np.tanh(a)

    def slope(self, y):
        return 1 - y**2


class Layer:
    def set_shape(self, shape):
        self.input_shape = shape


class RNN(Layer):
    """Many to many, as wide out as in."""

    def __init__(self, units, activation, input_shape=None):
        self.units, self.input_shape, self.f = units, input_shape, activation()
        self.U = self.W = self.V = None

    def initialize(self, optimizer):
        steps, features = self.input_shape
        self.U = np.random.uniform(-0.5, 0.5, (self.units, features))
        self.W = np.random.uniform(-0.5, 0.5, (self.units, self.units))
        self.V = np.random.uniform(-0.5, 0.5, (features, self.units))
        self.U_opt, self.W_opt, self.V_opt = copy(optimizer), copy(optimizer), copy(optimizer)

    def forward_pass(self, X, training=True):
        self.X, self.s = X, np.zeros((X.shape[0], X.shape[1] + 1, self.units))
        for t in range(X.shape[1]):
            self.s[:, t] = self.f(X[:, t] @ self.U.T + self.s[:, t - 1] @ self.W.T)
        return self.s[:, :-1] @ self.V.T

    def backward_pass(self, grad):
        dU, dW, dV = np.zeros_like(self.U), np.zeros_like(self.W), np.zeros_like(self.V)
        out, ds = np.zeros_like(self.X), 0
        for t in reversed(range(grad.shape[1])):
            dV += grad[:, t].T @ self.s[:, t]
            da = (grad[:, t] @ self.V + ds) * self.f.slope(self.s[:, t])
            dU += da.T @ self.X[:, t]
            dW += da.T @ self.s[:, t - 1]
            out[:, t], ds = da @ self.U, da @ self.W
        self.U = self.U_opt.update(self.U, dU)
        self.W = self.W_opt.update(self.W, dW)
        self.V = self.V_opt.update(self.V, dV)
        return out
