"""Whether outcomes depend on the load of the machine: the same files examined again and again while it is kept busy.

    python benchmarks/steady.py [RUNS] [FILES]

Two processes count for ever meanwhile. Every run has to tell the same, to the byte; exits 1 where one does not.
"""

import os
import re
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.examiner.varied import RIGHT, WRONG, source  # noqa: E402

RUNS, FILES, BUSY = 10, 50, 2


def main(runs: int, files: int) -> int:
    """Examine so many files so many times; print how many runs differ from the first."""
    every = [(varied, hidden) for hidden in (True, False) for varied in (WRONG | RIGHT).values()]
    with tempfile.TemporaryDirectory() as folder:
        for number, (varied, hidden) in enumerate(islice(every, files)):
            text = source(varied.parts, hidden=hidden)
            (Path(folder) / f"cell_{number:02}.py").write_text(text, encoding="utf-8")
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
        try:
            told = [examined(folder) for _ in range(runs)]
        finally:
            for process in busy:
                process.kill()
                process.wait()
    differing = sum(answer != told[0] for answer in told)
    print(f"{min(files, len(every))} files, {runs} runs with {BUSY} busy processes beside: {differing} differ")
    return differing


def examined(folder: str) -> str:
    """What `gru check` tells of all files, as JSON, but for the seconds that it took."""
    names = sorted(path.name for path in Path(folder).iterdir() if path.suffix == ".py")
    command = [sys.executable, "-m", "gru", "check", *names, "--json", "results.json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    if run.returncode not in (0, 1):
        raise RuntimeError(run.stderr.decode())
    results = (Path(folder) / "results.json").read_text(encoding="utf-8")
    return re.sub(r'"seconds": [0-9.]+', "", results)


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:3]]
    sys.exit(bool(main(*(given + [RUNS, FILES][len(given) :]))))
