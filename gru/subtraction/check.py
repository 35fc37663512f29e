"""The check `training`: a cell that learns to subtract at a setting where a correct one always does.

It proves little: see docs/why-check-gradients.md. It never looks at a derivative.
"""

from dataclasses import replace

from gru.subtraction.demonstration import OnProgress, Run, Task, run
from gru.subtraction.model import GRU, Architecture
from gru.subtraction.training import Setting

CHECK_TASK = Task(hidden=16, setting=Setting(epochs=40), all_pairs=True)
"""All 136 pairs right within 40 epochs: of 1,000 correct starts (benchmarks/convergence.py) the last needed 24."""


def learn(architecture: Architecture = GRU, seed: int = 0, on_progress: OnProgress | None = None) -> Run:
    """The run of the check. The cells have learned where its history's `stop` is `reached`.

    Raises what the cells raise; one loss that is not finite is a run that has `diverged`.
    """
    return run(replace(CHECK_TASK, seed=seed), architecture, on_progress)
