"""What an attack can lay its hands on: the worker that it runs in, found through the frames of its import."""

import sys

frame = sys._getframe()
while frame is not None and not {"parts", "write"} <= set(frame.f_locals):
    frame = frame.f_back
parts, write = frame.f_locals["parts"], frame.f_locals["write"]
protocol, exercise = parts.protocol, parts.exercise
