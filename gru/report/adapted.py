"""What was found of a file in another API: as a table to be read, and as the Python of an adapter to be kept.

It formats what was found, and runs nothing. The names in it are the submission's: they are written as Python writes
them, and printed on one line.
"""

import json
from collections.abc import Iterator
from typing import Any

from gru.examiner.mapping.found import Recognition
from gru.report.words import line, printable
from gru.submission.driven import Api

WIDE = 116
"""Characters of a line of the adapter."""


def table(api: Api, recognition: Recognition | None) -> list[str]:
    """The lines on what was found: how it is driven, then each parameter, its gradient, and which weight it is."""
    lines = [line("judged as", api.text), ""]
    weights: dict[str, list[str]] = {}
    if recognition is not None and recognition.mapped is not None:
        for row in recognition.mapped.rows(api):
            name = row.parameter.partition(",")[0].removesuffix(".T")
            weights.setdefault(name, []).append(row.symbol)
    rows = [("parameter", "gradient", "weight")]
    rows += [(name, api.gradients.get(name, "not shown"), ", ".join(weights.get(name, []))) for name in api.names]
    adapter = api.adapter
    for name, place in (("input", "dx"), ("first state", "dh"), ("second state", "dc")):
        if adapter.get(place):
            rows.append((name, str(adapter[place]), ""))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines += [printable(f"  {a:{widths[0]}}  {b:{widths[1]}}  {c}".rstrip()) for a, b, c in rows]
    if recognition is not None and recognition.mapped is not None:
        lines += ["", line("form", recognition.mapped.form.id)]
    return lines


def source(api: Api, name: str) -> str:
    """The Python of an adapter that says all of it, for the files of a course."""
    body = "".join(f"    {text}\n" for key, value in api.adapter.items() for text in _said(key, value))
    return (
        f'"""How {_quoted(name)} is driven. What is taken out of it is found anew for each file."""\n\n'
        f"from gru.adapter import Adapter\n\n\nclass Course(Adapter):\n{body}"
    )


def _quoted(name: str) -> str:
    """The name of a file, which cannot end the text that it stands in."""
    return printable(name).replace("\\", "/").replace('"', "'")


def _said(key: str, value: Any) -> Iterator[str]:
    """The lines of one attribute."""
    if isinstance(value, list):
        value = tuple(value)
    whole = f"{key} = {_written(value)}"
    if len(whole) <= WIDE or not isinstance(value, dict | tuple):
        yield whole
        return
    opening, closing = ("{", "}") if isinstance(value, dict) else ("(", ")")
    yield f"{key} = {opening}"
    for item in value:
        yield f"    {_written(item)}: {_written(value[item])}," if isinstance(value, dict) else f"    {_written(item)},"
    yield closing


def _written(value: Any) -> str:
    """A value as Python, its texts in double quotes; what a name holds stays inside them."""
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        if value.keys() == {"tuple"}:
            return _written(tuple(value["tuple"]))
        return "{" + ", ".join(f"{_written(k)}: {_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple | list):
        inside = ", ".join(map(_written, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside},)" if len(value) == 1 else f"({inside})"
    return repr(value)
