"""Results as a JSON document, schema 1, for programs to read.

Strict JSON: a number that JSON cannot hold becomes null. The file is there whole or not at all.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gru import __version__
from gru.examiner.fact import Diagnosis
from gru.examiner.outcome import Entry, Examination, Outcome
from gru.layer import Form
from gru.report import another_api
from gru.report.result import Result
from gru.report.sentences import all_said, condition, explanation, right
from gru.wheels import mode_of

SCHEMA = 1
"""Goes up when a key changes its meaning or is left out; new keys may come at any time."""


def document(results: Iterable[Result]) -> dict[str, Any]:
    """The whole document, the results in the order given."""
    return {"schema": SCHEMA, "version": __version__, "results": [_result(result) for result in results]}


def _result(result: Result) -> dict[str, Any]:
    examination = result.examination
    return {
        "submission": result.submission,
        "sha256": result.sha256,
        "verdict": examination.verdict,
        "reason": examination.reason,
        "text": examination.text,
        "isolation": result.isolation,
        "convention": examination.form.id,
        "api": examination.api.text if examination.api else None,
        "recognised": _recognised(examination),
        "seed": examination.seed,
        "seconds": round(result.seconds, 3),
        "notes": list(result.notes),
        **({"printed": list(result.printed)} if result.printed else {}),
        "outcomes": [_outcome(outcome, examination.form) for outcome in examination.outcomes],
    }


def _recognised(examination: Examination) -> dict[str, Any] | None:
    """Of a submission in another API, what its forward pass is: a text, the form, and the mapping of its arrays."""
    recognition, api = examination.recognition, examination.api
    if recognition is None or api is None:
        return None
    mapped = recognition.mapped
    return {
        "text": another_api.recognised(recognition),
        "layer": mapped.form.layer.id if mapped else None,
        "form": mapped.form.id if mapped else None,
        "mapping": [row._asdict() for row in mapped.rows(api)] if mapped else [],
    }


def _outcome(outcome: Outcome, form: Form) -> dict[str, Any]:
    return {
        "check": outcome.check,
        "equation": outcome.equation,
        "name": outcome.name,
        "status": outcome.status,
        "error": _number(outcome.error),
        "limit": _number(outcome.limit),
        "detects": _number(outcome.detects),
        "problem": outcome.problem,
        "sizes": outcome.sizes._asdict() if outcome.sizes else None,
        "values": [_entry(entry) for entry in outcome.values],
        "mistake": _mistake(outcome.mistake, form),
        "text": all_said(outcome.facts),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "index": list(entry.index),
        "submission": _number(entry.submission),
        "measured": _number(entry.measured),
    }


def _mistake(mistake: Diagnosis | None, form: Form) -> dict[str, Any] | None:
    """What is likely wrong; null where nothing is known, or the level of feedback keeps it back.

    `id` is that of the catalogue, several of them joined by commas (mistakes made together, or equal
    on all that was seen; the text says which); null where the mistake is described, but is no known
    one. `formula` is the right one, null where it is not told.
    """
    if mistake is None:
        return None
    text = "; ".join(form.spelled(part) for part in (explanation(mistake), condition(mistake)) if part)
    formula = form.spelled(right(mistake, form)) or None
    return {"id": ",".join(mistake.ids) or None, "text": text, "formula": formula}


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def json_of(results: Iterable[Result]) -> str:
    """The document as text."""
    return json.dumps(document(results), indent=1, allow_nan=False) + "\n"


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: first one beside it, which then takes its place. Raises OSError.

    What is there and is no regular file, such as a pipe, is written to as it is.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    beside = _beside(path)
    try:
        beside.write_bytes(data)
        beside.replace(path.resolve())
    except OSError as error:
        # What is told is the file that was asked for.
        error.filename, error.filename2 = str(path), None
        raise
    finally:
        beside.unlink(missing_ok=True)


def replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their names into a folder, which is made; each as `replace_file`. What is there besides stays.

    Raises OSError.
    """
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
        path.chmod(mode_of(data))


def refusal(path: Path) -> str | None:
    """Why a document cannot be written to `path`; None where it can."""
    try:
        if path.exists() and not path.is_file():
            return "it is there already, and is no regular file"
        if path.exists() and not os.access(path, os.W_OK):
            return "it is there already, and may not be written"
        _beside(path).touch()
        _beside(path).unlink()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _beside(path: Path) -> Path:
    """The temporary file: in the same folder, as a file can only be replaced from there."""
    target = path.resolve()
    return target.with_name(f".{target.name}.{os.getpid()}.tmp")
