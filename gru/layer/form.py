"""A form: a layer as it is written in one place, and what its cells are given, show and must show.

How parameters are stacked, and one step of the forward pass. It measures nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gru.layer.derivation import Derivation
from gru.layer.parts import Stack
from gru.layer.structure import ACTIVATIONS


@dataclass(frozen=True, eq=False)
class Form(Derivation):
    """A layer as it is written in one place: an option of each of its axes, and the whole table that follows.

    Everything that measures, judges or reports is given a form.

    Attributes:
        unasked: The names of states and derivatives that a submission does not have to show, as its API has no place
            for them.
    """

    unasked: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<form {self.id} of {self.layer.id}>"

    # What a cell is given, shows and must show

    @property
    def output(self) -> str:
        """The state that is handed to the layer above."""
        return self.layer.carried[0].state

    @cached_property
    def starts(self) -> tuple[str, ...]:
        """The names of the first states of a sequence: `h_0`, and of an LSTM `c_0`."""
        return tuple(f"{carried.state}_0" for carried in self.layer.carried)

    @cached_property
    def given(self) -> tuple[str, ...]:
        """What the equations of one step are given: the input, the states, what comes from above, the blocks."""
        states = (name for c in self.layer.carried for name in (c.previous, c.upstream))
        return (self.layer.input, *states, *self.blocks)

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """What a cell may keep of its arguments: the input and the blocks."""
        return (self.layer.input, *(b for stack in self.stacks if stack.gates for b in stack.blocks))

    @cached_property
    def shown_forward(self) -> tuple[str, ...]:
        """The attributes that `forward` sets."""
        return tuple(e.name for e in self.forward_shown if e.is_shown)

    @cached_property
    def shows_all(self) -> bool:
        """Whether a cell has an attribute for everything that there is a check on."""
        return all(equation.is_shown or equation.is_sum for equation in self.exposed)

    @cached_property
    def stacked_gradients(self) -> tuple[str, ...]:
        """The gradients of the parameters as a cell is given them: `dW`, `dU`."""
        return tuple(stack.gradient for stack in self.stacks)

    @cached_property
    def shown_backward(self) -> tuple[str, ...]:
        """The attributes that `backward` sets."""
        derivatives = (e for e in self.exposed if e.of is not None and not e.is_sum and e.is_shown)
        return tuple(dict.fromkeys([*(e.name for e in derivatives), *self.stacked_gradients]))

    @cached_property
    def required(self) -> tuple[str, ...]:
        """What a cell must show; all else may be kept to itself."""
        out = (*(c.previous for c in self.layer.carried), self.layer.input)
        last = [self.derivatives[name].name for name in out]
        whole = (s.gradient for s in self.stacks if not self.unasked & {self.derivatives[b].name for b in s.blocks})
        names = (*(c.state for c in self.layer.carried), *whole, *last)
        return tuple(name for name in names if name not in self.unasked)

    @cached_property
    def unasked_checks(self) -> frozenset[str]:
        """The checks on what does not have to be shown, and on the sums of a parameter of which that is a block."""
        of_stack = [{self.derivatives[block].name for block in stack.blocks} for stack in self.stacks]
        partial = frozenset().union(*(names for names in of_stack if names & self.unasked))
        return frozenset(e.id for e in self.exposed if (e.inputs[0] in partial if e.is_sum else e.name in self.unasked))

    @cached_property
    def checks(self) -> tuple[str, ...]:
        """The ids of the checks that are always made, in the order of a report."""
        stacked = any(stack.is_stacked for stack in self.stacks)
        return ("interface", "state", *(("split", "merge") if stacked else ()), *(e.id for e in self.exposed))

    # The stacked parameters

    def split(self, stacked: Any, size: int) -> dict[str, Any]:
        """The blocks of a stacked parameter by gate, in the layer's own order; views of it.

        Args:
            stacked: The parameter, (…, gates·size, hidden).
            size: The rows of a block.
        """
        blocks = {gate: stacked[..., k * size : (k + 1) * size, :] for k, gate in enumerate(self.order)}
        return {gate: blocks[gate] for gate in self.layer.gates}

    def merge(self, blocks: Mapping[str, Any]) -> Any:
        """The blocks by gate, stacked in this form's order."""
        return np.concatenate([blocks[gate] for gate in self.order], axis=-2)

    def order_of(self, stack: Stack) -> tuple[str, ...]:
        """The names of a parameter's blocks, in the order in which this form stacks them."""
        return self._orders[stack.name] if stack.gates else stack.blocks

    @cached_property
    def _orders(self) -> dict[str, tuple[str, ...]]:
        return {
            stack.name: tuple(stack.name.lower() + gate for gate in self.order if gate in stack.gates)
            for stack in self.stacks
        }

    def blocks_of(self, stack: Stack, stacked: Any) -> dict[str, Any]:
        """The blocks of a parameter by name; views of it.

        Args:
            stack: Which parameter.
            stacked: Its value, (…, blocks·rows, hidden).
        """
        names = self.order_of(stack)
        size = stacked.shape[-2] // len(names)
        return {name: stacked[..., k * size : (k + 1) * size, :] for k, name in enumerate(names)}

    def stacked(self, stack: Stack, blocks: Mapping[str, Any], prefix: str = "") -> Any:
        """A parameter made of its blocks, (…, blocks·rows, hidden).

        Args:
            stack: Which parameter.
            blocks: The blocks, by `prefix` and their names.
            prefix: What stands before the names.
        """
        parts = [blocks[prefix + name] for name in self.order_of(stack)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-2)

    # Computing

    def step(self, given: Mapping[str, Any], added: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The forward pass of one step: every quantity of it by name.

        Args:
            given: The input, the previous states and the blocks by name: `x` (…, batch, input), `h_p` (…, batch,
                hidden), `wz` (hidden, hidden), …; real or complex arrays, `Pair`s, or anything else that computes.
            added: What is added to a quantity of the forward pass before it is used, by name.

        Returns:
            `given`, and the left-hand side of every equation of the forward pass.
        """
        values, added = dict(given), added or {}
        for equation in self.forward:
            inside = self.preactivations.get(equation.name)
            activation = ACTIVATIONS[self.activations[equation.name]] if inside else None
            value = activation(values[inside]) if activation and inside else equation(values)
            values[equation.name] = value + added[equation.name] if equation.name in added else value
        return values
