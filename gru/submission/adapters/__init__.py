"""Adapters: how an API is driven, and where its values are found.

Standard library and NumPy only: the worker loads them beside a submission, where its file needs one. An adapter
judges nothing; `finding` makes one for a file from what the file defines.
"""

from .adapter import Adapter
from .answer import AnotherApiError
from .driving import Driver
from .finding import found_in, looks_like_one
from .taught import AdapterFaultError, taught

__all__ = [
    "Adapter",
    "AdapterFaultError",
    "AnotherApiError",
    "Driver",
    "found_in",
    "looks_like_one",
    "taught",
]
