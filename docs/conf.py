"""The site that these pages make: `tox -e docs`. Each page stays plain Markdown, to be read as it is."""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

from sphinx.addnodes import pending_xref

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))

from gru import __version__  # noqa: E402

project = "gru"
version = release = __version__
project_copyright = "the gru-gradcheck developers"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "gru"
html_show_sourcelink = False

myst_heading_anchors = 3

# The notebook is run anew, and an error in it ends the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True, "show-inheritance": False}
napoleon_google_docstring, napoleon_numpy_docstring = True, False

# A notebook has to lie among the pages; this one lies among the examples, where it is looked for.
shutil.copyfile(ROOT / "examples" / "checking_a_gradient.ipynb", HERE / "checking_a_gradient.ipynb")


def as_it_is_written(app: Any, what: str, name: str, of: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text with code between backticks: no other sign in them is markup."""
    text = re.sub(
        r"(`[^`]*`)(\w?)|([*|])",
        lambda found: f"\\{found[3]}" if found[3] else f"`{found[1]}`" + (f"\\ {found[2]}" if found[2] else ""),
        "\n".join(lines),
    )
    lines[:] = text.split("\n")


def stay_on_the_site(app: Any, page: Any) -> None:
    """A link to a file of the project goes to the page made of it; where there is none it stays as text."""
    for link in list(page.findall(pending_xref)):
        target = Path(link["reftarget"])
        is_there = (HERE / target).exists() or (ROOT / target).exists()
        if link["reftype"] != "myst" or link["refdomain"] == "doc" or not is_there:
            continue
        if target.stem in app.env.found_docs:
            link["refdomain"], link["reftarget"], link["reftargetid"] = "doc", target.stem, None
        else:
            link.replace_self(link[0])


def setup(app: Any) -> None:
    """Before napoleon, which reads the sections of a docstring."""
    app.connect("autodoc-process-docstring", as_it_is_written, priority=100)
    app.connect("doctree-read", stay_on_the_site)
