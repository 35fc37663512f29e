"""A teacher's adapter on the examining side: the name and the text of its file, as they are sent to a worker.

It is read here, and never run here.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from gru.files import read_whole


@dataclass(frozen=True)
class Taught:
    """A file with an `Adapter`, read once: what is hashed is what is run."""

    name: str
    source: str

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """The adapter in a file. Raises OSError, and ValueError where it is no text."""
        try:
            return cls(Path(path).name, read_whole(Path(path)).decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ValueError(f"{Path(path).name} is no text in UTF-8: {error}") from None

    @property
    def sha256(self) -> str:
        """The hash of what is run."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def settings(self) -> dict[str, Any]:
        """What a worker is told of it, before the text itself."""
        return {"path": self.name, "length": len(self.source.encode())}

    @property
    def note(self) -> str:
        """One line on it, for a report."""
        return f"driven by {self.name}, sha256 {self.sha256[:12]}"
