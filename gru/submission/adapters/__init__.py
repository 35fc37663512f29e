"""Adapters: how an API is driven, and where its values are found.

Standard library and NumPy only: the worker loads this folder by its path, beside a submission. An adapter
judges nothing; `finding` makes one for a file from what the file defines.
"""

from .absent import is_used, meant, stand_in
from .adapter import Adapter, AnotherApiError
from .driving import Driver
from .finding import found_in, looks_like_one
from .taught import AdapterFaultError, taught

__all__ = [
    "Adapter",
    "AdapterFaultError",
    "AnotherApiError",
    "Driver",
    "found_in",
    "is_used",
    "looks_like_one",
    "meant",
    "stand_in",
    "taught",
]
