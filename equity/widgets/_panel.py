"""One figure of a page: heading, sentence, chart, numbers, downloads; or words instead of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

from equity.widgets._columns import Columns, describe, plain, records
from equity.widgets._runtime import runtime_code
from equity.widgets._safety import in_voila, report
from equity.widgets._workbook import workbook

__all__ = ["Panel", "render_spec"]

_STATIC = Path(__file__).parent / "static"
_DATA = "table"
_AT_REST = {"problem": "", "absent": "", "busy": False}
_NO_WORDS = dict.fromkeys(("title", "shown", "unfollowed", "summary", "description"), "")


class Panel(anywidget.AnyWidget):
    """A figure that a notebook shows and redraws in place.

    Everything here is sent to the page, and whoever opens the page can read it: only counts and
    figures made from counts belong in it.
    """

    _esm = _STATIC / "panel.js"
    _css = _STATIC / "panel.css"
    spec = traitlets.Dict().tag(sync=True)  # Vega-Lite without data, title and description
    data = traitlets.List().tag(sync=True)  # the rows that the chart draws
    rows = traitlets.List().tag(sync=True)  # the rows of the table beside it
    columns = traitlets.List().tag(sync=True)  # key, heading, format
    title = traitlets.Unicode().tag(sync=True)
    summary = traitlets.Unicode().tag(sync=True)
    description = traitlets.Unicode().tag(sync=True)
    notes = traitlets.Unicode().tag(sync=True)
    source = traitlets.Unicode().tag(sync=True)
    shown = traitlets.Unicode().tag(sync=True)  # which part of the records: "Shown: Year 2024."
    unfollowed = traitlets.Unicode().tag(sync=True)  # "This picture does not change with: ..."
    fictional = traitlets.Bool(False).tag(sync=True)  # downloads say so
    filename = traitlets.Unicode("table").tag(sync=True)
    answers = traitlets.Bool(True).tag(sync=True)  # False: a page without a kernel behind it
    problem = traitlets.Unicode().tag(sync=True)  # what went wrong, with its reference
    absent = traitlets.Unicode().tag(sync=True)  # why there is nothing to show: no fault of anyone
    busy = traitlets.Bool(False).tag(sync=True)  # computed again after a choice
    follows = traitlets.List().tag(sync=True)  # model_id of the choices that change it
    in_view = traitlets.Bool(False).tag(sync=True)  # said by the page: it is drawn first

    figure: Any = None  # what stands behind it, where the page is published
    own = False  # made by the notebook itself, not by one of our functions

    def __init__(self, **traits: Any):
        super().__init__(**traits)
        self.on_msg(self._answer)

    def draw(
        self,
        chart: Any,
        table: pd.DataFrame | None = None,
        *,
        columns: Columns = None,
        words: Mapping[str, Mapping[Any, str]] | None = None,
        **texts: str,
    ) -> Panel:
        """Show a chart with the table it was drawn from, in place of what was shown.

        Parameters
        ----------
        chart : an Altair chart; its title becomes the heading, the first two lines of its
            subtitle the sentences below, the others the notes under the chart, its description
            the text alternative.
        table : the measure's table, one row per line of the data table. None: the chart's data.
        columns : which columns to list, see :func:`table`.
        words : column -> {key: words} for what is listed.
        texts : `filename`, `source`, or a `title`, `summary`, `notes` or `description` of your
            own.
        """
        self.show_state(picture(chart, table, columns, words) | texts)
        return self

    def fail(self, problem: str, *, title: str = "") -> Panel:
        """Show what went wrong in place of the figure."""
        self.show_state({**_NO_WORDS, "problem": problem, "title": title})
        return self

    def lack(self, words: str) -> Panel:
        """Show why there is no figure, as plain words without a heading."""
        self.show_state({**_NO_WORDS, "absent": words})
        return self

    def show_state(self, state: Mapping[str, Any]) -> None:
        """Set what is shown in one message; what did not change is not sent."""
        with self.hold_sync():
            for name, value in {**_AT_REST, **state}.items():
                setattr(self, name, value)

    def _answer(self, _: Any, content: Any, __: Any) -> None:
        asked = content.get("type") if isinstance(content, dict) else None
        if asked == "runtime?":
            self.send({"type": "runtime", "code": runtime_code()})
        elif asked == "xlsx?":
            answer = {"type": "xlsx", "ticket": content.get("ticket")}
            try:
                self.send(answer, buffers=[self.workbook()])
            except Exception as error:
                self.send(answer | {"problem": f"reference {report(error)}"})
                if not in_voila():
                    raise

    def workbook(self) -> bytes:
        """Return the table as an XLSX file, with what is said about it on a second sheet."""
        notes = {
            "Title": self.title,
            "Summary": self.summary,
            "What is shown": " ".join(filter(None, [self.shown, self.unfollowed])),
            "The picture in words": self.description,
            "Notes": self.notes,
            "Source": self.source,
        }
        return workbook(self.columns, self.rows, notes, fictional=self.fictional)

    def __repr__(self) -> str:
        """Return a short name: a notebook's output keeps it as text."""
        return f"Panel({self.title!r})"


def picture(
    chart: Any,
    table: pd.DataFrame | None = None,
    columns: Columns = None,
    words: Mapping[str, Mapping[Any, str]] | None = None,
    measure: str = "",
) -> dict[str, Any]:
    """Return what a panel shows of an Altair chart (or of a Vega-Lite dict) and its table."""
    spec = dict(chart) if isinstance(chart, Mapping) else chart.to_dict(validate=False)
    spec.pop("$schema", None)  # an address, and the runtime is the one that fits
    title, lines = _title(spec.pop("title", None))
    state: dict[str, Any] = {
        "title": title,
        "summary": _sentences(lines[:2]),
        "notes": _sentences(lines[2:]),
        "description": _words(spec.pop("description", "")),
    }
    state["data"] = _take_data(spec)
    state["spec"] = plain(spec)
    if table is None:
        table = pd.DataFrame(state["data"])
    state["columns"] = describe(table, columns, measure)
    keys = [c["key"] for c in state["columns"]]
    state["rows"] = records(table, [*keys, *_reason(table, keys)], words)
    return state


def render_spec(spec: Mapping[str, Any], **_: Any) -> Any:
    """Draw an analyst's own Altair chart as a panel: the renderer named "equity"."""
    return Panel(**picture(spec))._repr_mimebundle_()


def _reason(table: pd.DataFrame, keys: Iterable[str]) -> list[str]:
    return ["reason"] if "reason" in table and "reason" not in keys else []


def _title(title: Any) -> tuple[str, list[str]]:
    if not isinstance(title, Mapping):
        return _words(title), []
    lines = title.get("subtitle") or []
    return _words(title.get("text")), [lines] if isinstance(lines, str) else list(lines)


def _words(text: Any) -> str:
    if isinstance(text, list | tuple):
        return " ".join(str(line) for line in text)
    return str(text or "")


def _sentences(lines: Iterable[str]) -> str:
    ended = (line if line.endswith((".", "?", "!")) else f"{line}." for line in lines if line)
    return " ".join(ended)


def _take_data(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Take the one dataset out of a spec and name it; leave a spec with several as it is."""
    datasets = spec.get("datasets") or {}
    values = spec["data"].get("values") if isinstance(spec.get("data"), dict) else None
    if not datasets and isinstance(values, list):
        spec["data"] = {"name": _DATA}
        return [plain(row) for row in values]
    if len(datasets) != 1:
        return []
    ((name, rows),) = datasets.items()
    del spec["datasets"]
    _rename(spec, name)
    return [plain(row) for row in rows]


def _rename(node: Any, name: str) -> None:
    if isinstance(node, dict):
        data = node.get("data")
        if isinstance(data, dict) and data.get("name") == name:
            node["data"] = {**data, "name": _DATA}
        for value in node.values():
            _rename(value, name)
    elif isinstance(node, list):
        for value in node:
            _rename(value, name)
