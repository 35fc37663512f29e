"""What an attack can lay its hands on: the worker that it runs in, found through the frames of its import."""

import sys

frame = sys._getframe()
while frame is not None and not {"protocol", "exercise", "write"} <= frame.f_locals.keys():
    frame = frame.f_back
protocol, exercise, write = (frame.f_locals[name] for name in ("protocol", "exercise", "write"))
