"""All files that a system wants which runs the grader itself: scripts, settings, a rubric, and this package's wheel.

The scripts lie beside this module as they are handed out. What they need from the network is said in each README.
"""

import base64
import hashlib
import io
import tarfile
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from gru import __version__
from gru.grading.exports.sheet import ExportError

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1]
NAME = "gru_gradcheck"

SYSTEMS = ("gradescope", "classroom50", "github-actions", "prairielearn", "autolab")

PLACES = {"github-actions": {"gru.yml": ".github/workflows/gru.yml"}}
"""Where a file of a bundle goes that does not lie at its top."""

ASIDE = {"github-actions": ".gru/"}
"""Where the wheel and the rubric go, if not to the top."""

IN_THE_TAR = ("grade.sh", "rubric.toml")
"""What Autolab wants in one archive, beside the wheel."""

_WHEEL = "Wheel-Version: 1.0\nGenerator: gru\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


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
    wheel_name, wheel = own_wheel()
    aside = ASIDE.get(system, "")
    files |= {f"{aside}rubric.toml": rubric.encode(), f"{aside}{wheel_name}": wheel}
    if system == "autolab":
        packed = {name: files.pop(name) for name in (*IN_THE_TAR, wheel_name)}
        files["autograde.tar"] = _tar(packed)
    return files


def own_wheel() -> tuple[str, bytes]:
    """The name of this package's wheel and its bytes, made of the files that are running. Raises ExportError."""
    try:
        installed = distribution("gru-gradcheck")
    except PackageNotFoundError:
        raise ExportError("a bundle carries this package, which has to be installed: pip install .") from None
    about = f"{NAME}-{__version__}.dist-info"
    files = {
        f"gru/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes()
        for path in sorted(PACKAGE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    # In a clone that setuptools has built, its own egg-info is found first, where the metadata has another name.
    metadata = installed.read_text("METADATA") or installed.read_text("PKG-INFO") or ""
    files[f"{about}/METADATA"] = metadata.encode()
    files[f"{about}/entry_points.txt"] = (installed.read_text("entry_points.txt") or "").encode()
    files[f"{about}/WHEEL"] = _WHEEL.encode()
    lines = [f"{name},sha256={_hash(data)},{len(data)}" for name, data in files.items()]
    files[f"{about}/RECORD"] = "\n".join([*lines, f"{about}/RECORD,,", ""]).encode()
    return f"{NAME}-{__version__}-py3-none-any.whl", zipped(files)


def zipped(files: dict[str, bytes]) -> bytes:
    """The files as a zip, the same bytes each time; scripts in it may be run."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode_of(data) << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def mode_of(data: bytes) -> int:
    """The permissions of a file: a script may be run."""
    return 0o755 if data.startswith(b"#!") else 0o644


def _tar(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode_of(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
