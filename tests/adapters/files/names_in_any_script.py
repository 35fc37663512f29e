# -*- coding: utf-8 -*-
"""GRU 单元 手写反向传播"""

import numpy as np


class GRU单元:
    def __init__(self, 输入维度, 隐藏维度):
        self.Wz = np.random.randn(输入维度, 隐藏维度) * 0.1
        self.Uz = np.random.randn(隐藏维度, 隐藏维度) * 0.1
        self.Wr = np.random.randn(输入维度, 隐藏维度) * 0.1
        self.Ur = np.random.randn(隐藏维度, 隐藏维度) * 0.1
        self.Wh = np.random.randn(输入维度, 隐藏维度) * 0.1
        self.Uh = np.random.randn(隐藏维度, 隐藏维度) * 0.1
        self.梯度 = {}

    def forward(self, x, h_prev):
        z = 1 / (1 + np.exp(-(x @ self.Wz + h_prev @ self.Uz)))  # 更新门
        r = 1 / (1 + np.exp(-(x @ self.Wr + h_prev @ self.Ur)))  # 重置门
        h_hat = np.tanh(x @ self.Wh + (r * h_prev) @ self.Uh)  # 候选状态
        self.缓存 = (x, h_prev, z, r, h_hat)
        return (1 - z) * h_prev + z * h_hat

    def backward(self, dh):
        x, h_prev, z, r, h_hat = self.缓存
        da = dh * z * (1 - h_hat**2)
        dz = dh * (h_hat - h_prev) * z * (1 - z)
        drh = da @ self.Uh.T
        dr = drh * h_prev * r * (1 - r)
        self.梯度 = {
            "Wz": x.T @ dz,
            "Uz": h_prev.T @ dz,
            "Wr": x.T @ dr,
            "Ur": h_prev.T @ dr,
            "Wh": x.T @ da,
            "Uh": (r * h_prev).T @ da,
        }
        dx = dz @ self.Wz.T + dr @ self.Wr.T + da @ self.Wh.T
        dh_prev = dh * (1 - z) + drh * r + dz @ self.Uz.T + dr @ self.Ur.T
        return dx, dh_prev
