"""The forms of the GRU that have no biases, which most tests go through."""

from gru.layer import Form
from gru.layers.gru.forms import GRU

FORMS: dict[str, Form] = {id: form for id, form in GRU.forms.items() if form.stacks == GRU.stacks}
"""By their ids, the chapter's first."""
