"""Sliders: a number between two ends, set by dragging or by keys, as an argument of a figure."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from equity.widgets._choices import Chosen, Follower, slug

__all__ = ["Slider", "slider"]

_STATIC = Path(__file__).parent / "static"
_DIGITS = 10  # of a value: 0.1 + 0.2 is 0.3
_DECIMALS = 1  # of what was counted, as the sentence above a figure has it
_SAME = 1e-6


class Slider(Chosen, anywidget.AnyWidget):
    """A number between two ends; `picked` is what a measure gets.

    The page tells of a new number while the handle is dragged, and waits for the kernel's answer
    before it tells of the next one: nothing queues up behind it.
    """

    _esm = _STATIC / "slider.js"
    value = traitlets.Float().tag(sync=True)
    low = traitlets.Float().tag(sync=True)
    high = traitlets.Float().tag(sync=True)
    step = traitlets.Float().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    times = traitlets.Float(1.0).tag(sync=True)  # what is shown is so many times the value
    digits = traitlets.Int(0).tag(sync=True)
    suffix = traitlets.Unicode().tag(sync=True)
    grouped = traitlets.Bool(True).tag(sync=True)  # 1,200 and not 1200
    # a value that may lie between two steps, the decimals it has more, and what is said of it
    exact = traitlets.Float(None, allow_none=True).tag(sync=True)
    finer = traitlets.Int(0).tag(sync=True)
    remark = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, label: str, low: float, high: float, step: float, value: float, unit: str = ""
    ):
        self.label_text = label
        self.name = slug(label)
        self.followers: list[Follower] = []
        percent = unit == "%"
        times = 100.0 if percent else 1.0
        super().__init__(
            low=low,
            high=high,
            step=step,
            label=label,
            times=times,
            digits=_digits(step * times),
            suffix="%" if percent else f" {unit}" if unit not in ("", "year") else "",
            grouped=unit != "year",
        )
        self.whole = not percent and all(float(n).is_integer() for n in (low, step))
        self.value = value
        self.start = self.value
        self.add_class("eq-choice")
        self.add_class("eq-slider")

    @traitlets.validate("value")
    def _on_the_scale(self, proposal: Any) -> float:
        """Keep a number within the ends and on a step: a page may send anything.

        Only what was counted may lie between two steps.
        """
        if not self.step or proposal["value"] == self.exact:
            return float(proposal["value"])  # not set up yet, or as it was counted
        value = float(proposal["value"])
        if not math.isfinite(value):
            raise traitlets.TraitError(f"A slider needs a number, not {value!r}.")
        steps = round((min(max(value, self.low), self.high) - self.low) / self.step)
        return round(min(self.low + steps * self.step, self.high), _DIGITS)

    def begin(self, value: float, remark: str = "") -> None:
        """Put the slider where it starts: at a number as it was counted, also between two steps.

        remark : what is said of that number until another is set, such as "as counted".
        """
        value = round(min(max(float(value), self.low), self.high), _DIGITS)
        shown = value * self.times
        between = abs(round(shown, self.digits) - shown) > _SAME
        with self.hold_sync():
            self.exact = value
            self.finer = max(_DECIMALS - self.digits, 0) if between else 0
            self.remark = f" {remark}" if remark else ""
            self.start = value
            self.value = value

    @property
    def picked(self) -> float:
        """The number that is set; a whole one where there are only whole ones."""
        return int(self.value) if self.whole and self.value.is_integer() else self.value

    @property
    def words(self) -> str:
        """The number as the viewer reads it: "30%", "45 people", "11.4% as counted", "2030"."""
        comma = "," if self.grouped else ""
        exact = self.value == self.exact
        digits = self.digits + self.finer * exact
        number = f"{self.value * self.times:{comma}.{digits}f}{self.suffix}"
        return number + self.remark * exact

    @property
    def is_made(self) -> bool:
        """Whether it is not as it was at first."""
        return self.value != self.start

    @property
    def offers_all(self) -> bool:
        """Whether "everything" is on offer: of a number it never is."""
        return False

    @property
    def addresses(self) -> dict[Any, str]:
        """How the number reads in the page's address: "30" for 30%."""
        return {self.value: f"{self.value * self.times:.{self.digits}f}"}

    def named(self, text: str) -> float | None:
        """Return the number that an address names; None if it is none or not between the ends."""
        if not re.fullmatch(r"-?\d{1,9}(\.\d{1,6})?", text):
            return None
        value = float(text) / self.times
        near = self.step / 2
        return value if self.low - near <= value <= self.high + near else None


def slider(
    label: str, low: float, high: float, step: float, value: float, unit: str = ""
) -> Slider:
    """Return a slider, to be used as an argument of :func:`show` as a choice is.

    Parameters
    ----------
    label : what is set: "Women among hires".
    low, high, step : the ends and the distance of two numbers on it.
    value : where it stands at first.
    unit : what follows the number: "people"; "%" for a share, which the measure gets as 0 to 1
        and the viewer reads as 0 to 100; "year" for a year, which is written without a comma.

    Raises
    ------
    ValueError
        The ends are the wrong way round, the step does not fit between them, or `value` is not
        between the ends.

    Examples
    --------
    >>> share = slider("Women among hires", 0, 0.6, 0.01, 0.3, "%")
    >>> share.picked, share.words, share.sentence
    (0.3, '30%', 'Women among hires: 30%')
    """
    if not low < high:
        raise ValueError(f"low={low!r} must be below high={high!r} on the slider {label!r}.")
    if not 0 < step <= high - low:
        raise ValueError(
            f"step={step!r} of the slider {label!r} must be above 0 and fit between its ends, "
            f"{low!r} and {high!r}."
        )
    if not low <= value <= high:
        raise ValueError(
            f"value={value!r} of the slider {label!r} is not between its ends, {low!r} and "
            f"{high!r}."
        )
    return Slider(label, low, high, step, value, unit)


def _digits(step: float) -> int:
    """Return how many decimals tell two steps apart."""
    text = f"{round(step, 6):f}".rstrip("0")
    return len(text.partition(".")[2])
