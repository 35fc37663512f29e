"""Wheels made of what is installed here: of this package, and of packages that are Python alone.

For places that install from files they are given. It downloads nothing.
"""

import base64
import hashlib
import io
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from gru import __version__

PACKAGE = Path(__file__).parent
DISTRIBUTION, NAME = "gru-gradcheck", "gru_gradcheck"

_WHEEL = "Wheel-Version: 1.0\nGenerator: gru\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class NotInstalledError(Exception):
    """A package that is to be packed is not installed; the text says what to do."""


def own_wheel() -> tuple[str, bytes]:
    """The name of this package's wheel and its bytes, made of the files that are running. Raises NotInstalledError."""
    installed = _installed(DISTRIBUTION, "pip install .")
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
    return _wheel(NAME, __version__, files)


def pure_wheel(name: str) -> tuple[str, bytes]:
    """The name and the bytes of a wheel of an installed package, without what is compiled. Raises NotInstalledError."""
    installed = _installed(name, f"pip install {name}")
    files = {
        path.as_posix(): Path(str(installed.locate_file(path))).read_bytes()
        for path in sorted(installed.files or ())
        if path.suffix in (".py", ".txt") or path.name == "METADATA"
    }
    return _wheel(name, installed.version, files)


def _installed(name: str, help: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise NotInstalledError(f"has to be installed: {help}") from None


def _wheel(name: str, version: str, files: dict[str, bytes]) -> tuple[str, bytes]:
    about = f"{name}-{version}.dist-info"
    files[f"{about}/WHEEL"] = _WHEEL.encode()
    lines = [f"{path},sha256={_hash(data)},{len(data)}" for path, data in files.items()]
    files[f"{about}/RECORD"] = "\n".join([*lines, f"{about}/RECORD,,", ""]).encode()
    return f"{name}-{version}-py3-none-any.whl", zipped(files)


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


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
