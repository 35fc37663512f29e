"""What an attack can lay its hands on: the worker that it runs in, found through the frames of its import."""

import sys
from importlib import import_module

frame = sys._getframe()
while not ("write" in frame.f_locals and "protocol" in frame.f_globals):
    frame = frame.f_back
write, protocol, package = frame.f_locals["write"], frame.f_globals["protocol"], frame.f_globals["__package__"]
exercise, counting = (sys.modules[f"{package}.{name}"] for name in ("exercise", "counting"))


def adapters():
    """The package of the adapters, loaded as the worker loads it."""
    return import_module(f"{package.rpartition('.')[0]}.adapters")
