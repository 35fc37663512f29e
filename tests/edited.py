"""Files of tests with parts of them written otherwise."""

from pathlib import Path


def edited(source: str | Path, *edits: tuple[str, str]) -> str:
    """A text, or that of a file, with each old part replaced by the new one: a part that is not there is an error."""
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    for old, new in edits:
        assert old in text, f"nothing to replace: {old}"
        text = text.replace(old, new)
    return text
