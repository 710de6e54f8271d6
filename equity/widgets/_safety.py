"""What a viewer never sees: tracebacks, file paths and source lines go to a log file instead."""

from __future__ import annotations

import getpass
import logging
import os
import sys
import tempfile
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Unexpected", "in_voila", "log", "report", "setup", "speaks_for_itself"]


class Unexpected(RuntimeError):
    """Stands in for an error whose own words may not be shown."""


def in_voila() -> bool:
    """Return whether this kernel was started by Voila, so that a stranger may be looking."""
    server = os.environ.get("SERVER_SOFTWARE", "")
    return server.startswith("voila") or "VOILA_PREHEAT" in os.environ


def setup() -> None:
    """Prepare the notebook; the first line of every dashboard.

    Under Voila, whatever goes wrong is written to a log file (``EQUITY_LOG``, or a file in the
    temporary folder) and the viewer is told a reference number, never a traceback. Everywhere,
    an analyst's own Altair chart is drawn by the same panel as ours, without any address.

    Raises
    ------
    RuntimeError
        Voila was started by something else than ``equity serve`` or ``equity lab``. As a part of
        another Jupyter server it would let viewers run code.
    """
    if in_voila() and not os.environ.get("EQUITY_SERVED"):
        raise RuntimeError(
            "These dashboards are opened with `equity serve`. Voila by itself hands out the code "
            "of notebooks, and as a part of another Jupyter server lets viewers run their own."
        )
    import altair as alt

    from equity.widgets._panel import render_spec

    alt.renderers.register("equity", render_spec)
    alt.renderers.enable("equity")
    if in_voila():
        _silence()


def report(error: BaseException) -> str:
    """Write an error to the log and return the reference under which it is found there."""
    reference = uuid.uuid4().hex[:8]
    log().error("reference %s", reference, exc_info=error)
    return reference


def speaks_for_itself(error: BaseException) -> bool:
    """Return whether an error is one of our own sentences: raised by our own code, for people.

    A ValueError from a library may hold a value of the data, so its words are not shown.
    """
    ours = _raised_in(error.__traceback__).startswith(("equity.", "data_checks."))
    return ours and isinstance(error, ValueError)  # a TypeError is a fault of ours


def log() -> logging.Logger:
    """Return the log of the dashboards: a file, and nothing but a file."""
    logger = logging.getLogger("equity.dashboards")
    if not logger.handlers:
        handler = logging.FileHandler(_log_file(), encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(message)s"))
        logger.addHandler(handler)
        logger.propagate = False
    return logger


def _log_file() -> Path:
    given = os.environ.get("EQUITY_LOG")
    if given:
        return Path(given)
    return Path(tempfile.gettempdir()) / f"equity-dashboards-{getpass.getuser()}.log"


def _raised_in(trace: TracebackType | None) -> str:
    name = ""
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next
    return name


def _silence() -> None:
    """Send nothing of an error to the page: ipykernel sends tracebacks even from callbacks."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is None or getattr(shell, "_equity_silent", False):
        return
    tell = shell._showtraceback

    def showtraceback(etype: type, evalue: BaseException, stb: Any) -> None:
        words = f"This part of the page could not be computed (reference {report(evalue)})."
        tell(Unexpected, Unexpected(words), [words])

    shell._showtraceback = showtraceback
    shell._equity_silent = True
    # warnings and other libraries' logs are written to stderr, which ipykernel sends to the page
    sys.stderr = _log_file().open("a", encoding="utf-8", buffering=1)
