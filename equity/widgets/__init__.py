"""Choices beside a chart, for notebooks: live in Voila and in JupyterLab, without any address.

A notebook calls :func:`setup` first, opens counts with :func:`load`, makes choices with
:func:`choose`, :func:`choice` or :func:`slider`, puts them in a row with :func:`choices_bar`, and
shows each measure with :func:`show`. Only small tables of counts and the figures made from them
ever reach the page: whatever a widget holds, its viewer can read.
"""

from equity.widgets._about import remarks, sources, who
from equity.widgets._benchmarks import by_district, choose_benchmark
from equity.widgets._cases import about_case, choose_case, show_case
from equity.widgets._choices import Choice, choice, choices_bar
from equity.widgets._counts import (
    by_margin,
    choose,
    choose_flag,
    choose_focal,
    choose_group,
    choose_other,
    choose_reference,
    choose_stage,
    choose_within,
    column,
    evidence,
    load,
    stages,
)
from equity.widgets._lacking import unfitted
from equity.widgets._own import note, table
from equity.widgets._panel import Panel
from equity.widgets._plan import plan
from equity.widgets._runtime import build_runtime
from equity.widgets._safety import in_voila, setup
from equity.widgets._show import show, show_result
from equity.widgets._sliders import Slider, slider

__all__ = [
    "Choice",
    "Panel",
    "Slider",
    "about_case",
    "build_runtime",
    "by_district",
    "by_margin",
    "choice",
    "choices_bar",
    "choose",
    "choose_benchmark",
    "choose_case",
    "choose_flag",
    "choose_focal",
    "choose_group",
    "choose_other",
    "choose_reference",
    "choose_stage",
    "choose_within",
    "column",
    "evidence",
    "in_voila",
    "load",
    "note",
    "plan",
    "remarks",
    "setup",
    "show",
    "show_case",
    "show_result",
    "slider",
    "sources",
    "stages",
    "table",
    "unfitted",
    "who",
]
