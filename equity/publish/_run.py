"""Runs a notebook in this process and hands over what each of its cells shows."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from equity.widgets._choices import slug
from equity.widgets._safety import speaks_for_itself

__all__ = ["Cell", "Notebook", "read_notebook", "run"]

INTERNAL = "internal"
"""The tag of cells that are for the inside of an agency only: they are not run."""


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook: words, or code with what it showed."""

    number: int
    words: str = ""
    code: str = ""
    shown: list[Any] = field(default_factory=list)
    section: str = ""
    published: bool = True


@dataclass(frozen=True)
class Notebook:
    """A notebook, without the cells that are for the inside only."""

    name: str
    title: str
    description: str
    cells: tuple[Cell, ...]
    tables: tuple[str, ...] = ()
    left_out: int = 0


def read_notebook(path: str | os.PathLike[str], leave_out: Collection[str] = ()) -> Notebook:
    """Read a notebook; cells tagged ``internal`` are left out of it.

    leave_out : sections that are run, since others may need what they define, but not published.

    Raises ValueError where the file is not a notebook.
    """
    path = Path(path)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        cells = told["cells"]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{path.name} is not a notebook, or not a whole one.") from None
    about = told.get("metadata", {})
    kept, inside, section = [], 0, ""
    for number, cell in enumerate(cells, start=1):
        if INTERNAL in cell.get("metadata", {}).get("tags", []):
            inside += 1
            continue
        text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        headings = re.findall(r"^## +(.*)$", text, flags=re.M)
        if cell["cell_type"] == "markdown":
            section = slug(headings[-1]) if headings else section
            kept.append(Cell(number, text, section=section, published=section not in leave_out))
        elif cell["cell_type"] == "code":
            here = section not in leave_out
            kept.append(Cell(number, code=text, section=section, published=here))
    title = str(about.get("title") or path.stem.replace("_", " ").capitalize())
    needs = tuple(str(name) for name in about.get("tables", []))
    description = str(about.get("description", ""))
    return Notebook(path.stem, title, description, tuple(kept), needs, inside)


def run(notebook: Notebook, *, folder: Path) -> None:
    """Run the code of a notebook on the counts of a folder; what it shows is put into its cells.

    Raises ValueError naming the cell where one fails: the page is then not published.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    with _surroundings(folder):
        for cell in notebook.cells:
            if cell.code:
                try:
                    _execute(cell, names)
                except Exception as error:
                    raise ValueError(_failed(notebook, cell, error)) from error


def _failed(notebook: Notebook, cell: Cell, error: Exception) -> str:
    # the words of an unforeseen error may quote what it stumbled over
    said = f": {error}" if speaks_for_itself(error) else f" ({type(error).__name__})"
    hint = ""
    if isinstance(error, NameError) and notebook.left_out:
        hint = (
            f" Cells tagged {INTERNAL!r} are not run for publishing: what is defined there is not "
            "known here."
        )
    return f"{notebook.name}.ipynb cannot be published: cell {cell.number} fails{said}.{hint}"


def _execute(cell: Cell, names: dict[str, Any]) -> None:
    from IPython.core.inputtransformer2 import TransformerManager

    def display(*things: Any, **_: Any) -> None:
        cell.shown.extend(things)

    names["display"] = display
    with _displaying(display):
        tree = ast.parse(TransformerManager().transform_cell(cell.code))
        last = tree.body[-1] if tree.body else None
        value = None
        if isinstance(last, ast.Expr) and not cell.code.rstrip().endswith(";"):
            tree.body.pop()
            value = ast.Expression(last.value)
        exec(compile(tree, f"cell {cell.number}", "exec"), names)  # noqa: S102
        if value is not None:
            found = eval(compile(value, f"cell {cell.number}", "eval"), names)  # noqa: S307
            if found is not None:
                cell.shown.append(found)


@contextmanager
def _displaying(display: Any) -> Iterator[None]:
    """Catch what is shown by `IPython.display.display` too."""
    import IPython.core.display_functions as core
    import IPython.display as front

    before = core.display, front.display
    core.display = front.display = display
    try:
        yield
    finally:
        core.display, front.display = before


@contextmanager
def _surroundings(folder: Path) -> Iterator[None]:
    """Let the notebook find the counts; afterwards all is as it was."""
    before = os.environ.get("EQUITY_COUNTS")
    os.environ["EQUITY_COUNTS"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("EQUITY_COUNTS", None)
        else:
            os.environ["EQUITY_COUNTS"] = before
