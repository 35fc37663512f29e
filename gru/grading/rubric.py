"""What a check is worth, and how much a student is told of it: read from TOML, or equal points for each equation.

The most that can be reached comes from here alone, never from what happened to run. It awards nothing.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from gru.files import read_whole
from gru.layer import Form
from gru.layers.gru.forms import CHAPTER
from gru.layers.registry import every_check
from gru.report.feedback import LEVELS, Feedback

Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]

DEFAULT_TITLE = "GRU cell"
MOST_DECIMALS = 6

MOST_POINTS = 1_000_000
"""Points of one check: with so many, sums still have all decimals."""


class RubricError(Exception):
    """A rubric that cannot be used: the file, the line and the key, and what was expected there."""


@dataclass(frozen=True)
class Item:
    """What one check is worth: `points` if it is right, and all that it `requires` has earned its own.

    An `inherited` outcome earns the points too, unless it is set to False.
    """

    check: str
    points: float
    requires: tuple[str, ...] = ()
    inherited: bool = True
    feedback: Feedback = "full"
    visibility: Visibility = "visible"


@dataclass(frozen=True)
class Rubric:
    """The items in the order of a report, and what holds for all; `source` is its TOML."""

    items: tuple[Item, ...]
    title: str = DEFAULT_TITLE
    rounding: int = 2
    feedback: Feedback = "full"
    visibility: Visibility = "visible"
    source: str = field(default="", compare=False)

    @property
    def digest(self) -> str:
        """What tells one rubric from another."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def maximum(self) -> float:
        """The most points that can be reached."""
        return round(sum(item.points for item in self.items), self.rounding)

    def levels(self) -> dict[str, Feedback]:
        """How much is told of each check; of hidden ones nothing."""
        return {item.check: "none" if item.visibility == "hidden" else item.feedback for item in self.items}


def equal_points(feedback: Feedback = "full", form: Form = CHAPTER) -> Rubric:
    """The rubric where none is given: one point for each check of a form of a layer.

    Each check is one statement. So what is wrong in any respect has not all the points.
    """
    items = tuple(Item(check, 1.0, feedback=feedback) for check in form.checks)
    keys = (f'"{item.check}"' if "/" in item.check else item.check for item in items)
    lines = [f'feedback = "{feedback}"', "", "[checks]", *(f"{key} = 1" for key in keys)]
    return Rubric(items, feedback=feedback, source="\n".join(lines) + "\n")


EQUAL_POINTS = equal_points()


def read(path: Path) -> Rubric:
    """The rubric in a TOML file. Raises RubricError, and OSError where the file cannot be read."""
    data = read_whole(path)
    try:
        text = data.decode("utf-8-sig")
        table = tomllib.loads(text)
    except UnicodeDecodeError:
        raise RubricError(f"{path}: expected TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).rpartition(" (at ")
        line = re.match(r"line (\d+)", place)
        raise RubricError(f"{path}: line {line[1] if line else len(text.splitlines())}: {what}") from None
    except (ValueError, RecursionError) as error:
        # Numbers of more digits than Python takes, or brackets without end.
        raise RubricError(f"{path}: {'nested too deeply' if isinstance(error, RecursionError) else error}") from None
    return _Reader(path, text, table).rubric()


class _Reader:
    """One rubric being read: every refusal names the line and the key."""

    def __init__(self, path: Path, text: str, table: Mapping[str, Any]) -> None:
        self._path, self._text, self._lines, self._table = path, text, text.splitlines(), table

    def rubric(self) -> Rubric:
        """The rubric as a whole."""
        keys = ("title", "rounding", "feedback", "visibility", "inherited", "checks")
        self._only(self._table, keys, "")
        rounding = self._get(self._table, "rounding", int, 2)
        if not 0 <= rounding <= MOST_DECIMALS:
            self._refuse("rounding", f"{_short(rounding)}; expected a number of decimals, 0 to {MOST_DECIMALS}")
        common: dict[str, Any] = {
            "feedback": self._choice(self._table, "feedback", LEVELS, "full"),
            "visibility": self._choice(self._table, "visibility", get_args(Visibility), "visible"),
        }
        inherited = self._get(self._table, "inherited", bool, True)
        checks = self._get(self._table, "checks", dict, {})
        if not checks:
            self._refuse("checks", "no check is worth anything; expected lines such as equation-10 = 5")
        known = every_check()
        self._only(checks, known, "checks.")
        items = [self._item(check, checks[check], inherited=inherited, **common) for check in known if check in checks]
        self._refuse_circles({item.check: item.requires for item in items})
        if not any(item.points for item in items):
            self._refuse("checks", "all points are 0")
        title = self._get(self._table, "title", str, DEFAULT_TITLE)
        return Rubric(tuple(items), title=title, rounding=rounding, source=self._text, **common)

    def _item(self, check: str, value: Any, **common: Any) -> Item:
        where = f"checks.{check}"
        table: dict[str, Any] = value if isinstance(value, dict) else {"points": value}
        self._only(table, ("points", "requires", "inherited", "feedback", "visibility"), f"{where}.")
        points: Any = table.get("points")
        if type(points) not in (int, float) or not 0 <= points <= MOST_POINTS:
            self._refuse(f"{where}.points", f"{_short(points)}; expected points, 0 to {MOST_POINTS:,}")
        requires = table.get("requires", [])
        requires = [requires] if isinstance(requires, str) else requires
        if not isinstance(requires, list) or not set(map(str, requires)) <= set(self._table["checks"]):
            known = ", ".join(self._table["checks"])
            self._refuse(f"{where}.requires", f"{_short(requires)}; expected checks of this rubric: {known}")
        return Item(
            check,
            float(points),
            tuple(requires),
            inherited=self._get(table, "inherited", bool, common["inherited"], where),
            feedback=self._choice(table, "feedback", LEVELS, common["feedback"], where),
            visibility=self._choice(table, "visibility", get_args(Visibility), common["visibility"], where),
        )

    def _get(self, table: Mapping[str, Any], key: str, kind: type, default: Any, where: str = "") -> Any:
        value = table.get(key, default)
        if type(value) is not kind:
            names = {int: "a whole number", bool: "true or false", dict: "a table", str: "a text"}
            self._refuse(".".join(filter(None, (where, key))), f"{_short(value)}; expected {names[kind]}")
        return value

    def _choice(
        self, table: Mapping[str, Any], key: str, choices: tuple[str, ...], default: str, where: str = ""
    ) -> Any:
        value = table.get(key, default)
        if value not in choices:
            self._refuse(".".join(filter(None, (where, key))), f"{_short(value)}; expected one of {', '.join(choices)}")
        return value

    def _only(self, table: Mapping[str, Any], known: tuple[str, ...], prefix: str) -> None:
        for key in table:
            if key not in known:
                self._refuse(f"{prefix}{key}", f"there is no such key; the keys are {', '.join(known)}")

    def _refuse_circles(self, requires: Mapping[str, tuple[str, ...]]) -> None:
        for check in requires:
            if check in _required_by(check, requires):
                self._refuse(f"checks.{check}.requires", "it requires itself, by itself or through others")

    def _refuse(self, key: str, what: str) -> None:
        raise RubricError(f"{self._path}: line {self._line(key)}: {key}: {what}")

    def _line(self, key: str) -> int:
        """The line on which the key stands. For a dotted key, each part is searched below the line of its parent."""
        found = 0
        for part in key.split("."):
            named = re.compile(rf"""^[^#]*(?<![\w-])["']?{re.escape(part)}["']?\s*[].=]""")
            found = next((n for n in range(found, len(self._lines)) if named.match(self._lines[n])), found)
        return found + 1


def _short(value: Any) -> str:
    """A value as it is quoted in a refusal."""
    return f"{value!r:.60}" if not isinstance(value, int) or abs(value) < 10**60 else "a number of more than 60 digits"


def _required_by(check: str, requires: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Everything that a check requires, near and far."""
    seen: set[str] = set()
    waiting = list(requires[check])
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            yield other
            waiting += requires.get(other, ())
