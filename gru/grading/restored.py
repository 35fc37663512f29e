"""Dataclasses from JSON that may have been damaged: every field is there, and is of its type, or ValueError.

It knows the types that a record is made of, and no record.
"""

import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def restored(kind: type[T], data: Any) -> T:
    """A dataclass from what `json.loads` gave of its `asdict`.

    Args:
        kind: The dataclass; its fields are texts, numbers, None, tuples, mappings and dataclasses of such.
        data: Whatever stands in a file.

    Raises:
        ValueError: Where a field is not there, is of another type, or is one that nobody asked for.
    """
    if not isinstance(data, dict):
        raise ValueError(f"{kind.__name__} is a {type(data).__name__}")
    types = _types(kind)  # type: ignore[arg-type]
    if unknown := data.keys() - types.keys():
        raise ValueError(f"{kind.__name__} has no field {min(unknown)!r}")
    if lacking := _required(kind) - data.keys():
        raise ValueError(f"{kind.__name__} lacks the field {min(lacking)!r}")
    return kind(**{name: _value(types[name], value, name) for name, value in data.items()})


@cache
def _types(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _required(kind: Any) -> set[str]:
    return {field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING}


def _value(kind: Any, value: Any, name: str) -> Any:
    """The value of a field as its type has it. Raises ValueError."""
    if isinstance(kind, UnionType):
        fitting = NoneType if value is None else next(part for part in get_args(kind) if part is not NoneType)
        return _value(fitting, value, name)
    parts = get_args(kind)
    if get_origin(kind) is tuple and isinstance(value, (list, tuple)):
        return tuple(_value(parts[0], part, name) for part in value)
    if get_origin(kind) is Mapping and isinstance(value, dict):
        return {_value(parts[0], key, name): _value(parts[1], part, name) for key, part in value.items()}
    if is_dataclass(kind):
        return restored(kind, value)  # type: ignore[arg-type]
    if kind is float and type(value) in (int, float) and abs(value) <= sys.float_info.max:
        return float(value)
    if kind is str and type(value) is str:
        # Half a character, as JSON can hold, cannot be written anywhere.
        value.encode()
        return value
    if kind in (int, bool, NoneType) and type(value) is kind:
        return value
    raise ValueError(f"the field {name!r} is {value!r:.60}")
