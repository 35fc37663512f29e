"""What was found, as data: a fact has a kind and its particulars, a diagnosis the facts that explain a wrong check.

No sentence is made here, and no code recognises a fact by its words: `gru.report` makes the sentences.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from gru.layer import Equation

if TYPE_CHECKING:
    from gru.mistakes import Mistake


@dataclass(frozen=True)
class Fact:
    """One thing that was found.

    `kind` is a slug, such as `shared` or `no-h-prev`; each kind has its words in `gru.report.kinds`.
    `particulars` are what that sentence tells: names, numbers, a mistake of the catalogue.
    """

    kind: str
    particulars: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: str, /, **particulars: Any) -> Self:
        """A fact of this kind with these particulars."""
        return cls(kind, particulars)

    @classmethod
    def known(cls, mistake: "Mistake") -> Self:
        """The fact that a formula has a mistake of the catalogue."""
        return cls(mistake.id.rpartition("/")[2], {"mistake": mistake})


@dataclass(frozen=True)
class Diagnosis:
    """The explanation of a wrong check, so far as there is one.

    `alternatives` are explanations that are equal on everything that was seen, each of one fact or of several at
    once; none where only the condition is known. `equation` is the one whose right formula is told; `condition`
    says where the mistake shows, None where that is everywhere. `is_known` says that the facts reproduce
    the submission's numbers, and do not only describe them.
    """

    check: str
    alternatives: tuple[tuple[Fact, ...], ...] = ()
    equation: Equation | None = None
    condition: Fact | None = None
    is_known: bool = True

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids by which `gru explain` knows the explanations; none where they only describe what was seen."""
        if not self.is_known:
            return ()
        return tuple(dict.fromkeys(id_of(self.check, fact) for facts in self.alternatives for fact in facts))


def id_of(check: str, fact: Fact) -> str:
    """The id of a fact that was found by a check: `equation-10/no-h-prev`, `state/shared`, `convention/torch`."""
    if fact.kind == "another-form":
        return f"convention/{fact.particulars['form'].id}"
    if fact.kind == "order":
        return f"{check}/order-{'-'.join(fact.particulars['gates'])}"
    mistake = fact.particulars.get("mistake")
    return mistake.id if mistake else f"{check}/{fact.kind}"


def of_one(check: str, fact: Fact, equation: Equation | None = None) -> Diagnosis:
    """The diagnosis that one fact explains a check."""
    return Diagnosis(check, ((fact,),), equation)
