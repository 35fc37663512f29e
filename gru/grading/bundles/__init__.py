"""All files that a system wants which runs the grader itself: scripts, settings, a rubric, and this package's wheel.

The scripts lie beside this module as they are handed out. What they need from the network is said in each README.
"""

import io
import tarfile
from pathlib import Path

from gru.grading.exports.sheet import ExportError
from gru.wheels import NotInstalledError, mode_of, own_wheel

HERE = Path(__file__).parent

SYSTEMS = ("gradescope", "classroom50", "github-actions", "prairielearn", "autolab")

PLACES = {"github-actions": {"gru.yml": ".github/workflows/gru.yml"}}
"""Where a file of a bundle goes that does not lie at its top."""

ASIDE = {"github-actions": ".gru/"}
"""Where the wheel and the rubric go, if not to the top."""

IN_THE_TAR = ("grade.sh", "rubric.toml")
"""What Autolab wants in one archive, beside the wheel."""


def bundle(system: str, rubric: str) -> dict[str, bytes]:
    """The files of a system by their names; what begins with `#!` is to be executable.

    `rubric` is the text of a rubric. Raises ExportError where there is no such system,
    or this package is not installed.
    """
    if system not in SYSTEMS:
        raise ExportError(f"there is no bundle {system!r}; there are {', '.join(SYSTEMS)}")
    places = PLACES.get(system, {})
    own = [path for path in sorted((HERE / system).iterdir()) if path.is_file()]
    files = {places.get(path.name, path.name): path.read_bytes() for path in own}
    try:
        wheel_name, wheel = own_wheel()
    except NotInstalledError as error:
        raise ExportError(f"a bundle carries this package, which {error}") from None
    aside = ASIDE.get(system, "")
    files |= {f"{aside}rubric.toml": rubric.encode(), f"{aside}{wheel_name}": wheel}
    if system == "autolab":
        packed = {name: files.pop(name) for name in (*IN_THE_TAR, wheel_name)}
        files["autograde.tar"] = _tar(packed)
    return files


def _tar(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode_of(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()
