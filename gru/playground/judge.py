"""What runs in the page: one text is examined, and its report comes back as a page of its own.

It is called once in the life of a Python, so that no text is judged in what another has left. It judges nothing itself.
"""

import time
from collections.abc import Callable
from pathlib import Path

from gru.examiner import examine
from gru.layers.registry import form_described
from gru.report import html
from gru.report.result import Result
from gru.report.words import printable
from gru.submission.here import SubmissionHere

FILE = "my_gru.py"
"""The name of the file that the text is taken for: the one that the commands of the documents have."""

ISOLATION = "none: it ran in the page"


def judged(source: str, asked: str, on_progress: Callable[[int, int], None]) -> dict[str, str]:
    """What is found of a file with this text.

    Args:
        source: The text.
        asked: What is asked for: a layer and a form of it by their names, such as `gru/torch`.
        on_progress: Called with how many problems of how many are done.

    Returns:
        The `verdict`, what is `said` of it in a line, and the report as `html`, a page.
    """
    started = time.perf_counter()
    Path(FILE).write_text(source, encoding="utf-8", errors="surrogatepass")
    layer, _, name = asked.partition("/")
    form = form_described(name, layer)
    with SubmissionHere(FILE, form=form) as submission:
        found = examine(submission, form=form, on_progress=on_progress)
    result = Result(
        submission=FILE,
        sha256=submission.sha256,
        examination=found,
        seconds=time.perf_counter() - started,
        isolation=ISOLATION,
        asked=form,
        notes=submission.notes,
    )
    said = html.sentence(result, html.first_wrong(found.outcomes))
    return {"verdict": found.verdict, "said": printable(said), "html": html.page(result)}
