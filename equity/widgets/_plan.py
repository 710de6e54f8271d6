"""Sliders for what a workforce could become: they start where the counts are, or assume."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from equity.counts import CountTable
from equity.measures.parity_projection import THIRTY_BY_30, parity_projection
from equity.widgets._choices import Choice, Part, batch, resolve
from equity.widgets._show import Words, note
from equity.widgets._sliders import Slider, slider
from equity.widgets._stage import Part as Counted
from equity.widgets._stage import stage

__all__ = ["Plan", "plan"]

MOST_HIRES = 5  # times as many as leave
FIRST_HIRES = 20.0  # where nobody knows how many leave
AHEAD = 10
LEAVING = 0.05  # of each group in a year, where nobody knows
_COUNTED, _ASSUMED = "as counted", "assumed"
_RATES = ("hire_share", "hires", "exit_focal", "exit_others")


class _AsCounted(Part):
    """What a slider says once it has been moved; until then None: as counted.

    Where it was not counted but assumed, it holds from the start. Once one of `beside` has been
    moved it holds too.
    """

    def __init__(
        self, of: Slider, counted: Callable[[], bool], beside: Callable[[], Iterable[Slider]]
    ):
        super().__init__(of, {})  # type: ignore[arg-type]
        self.counted, self.beside = counted, beside

    @property
    def picked(self) -> Any:
        made = self.of.is_made or any(slider.is_made for slider in self.beside())
        return self.of.picked if made or not self.counted() else None


class Plan:
    """Sliders, and what they mean to `equity.parity_projection`.

    sliders : to be put into a row of choices.
    arguments : to be given to :func:`show` with the measure.
    note : says which of the sliders start at an assumption, and which assumption that is.
    """

    def __init__(
        self,
        workforce: CountTable | None,
        group: Choice,
        focal: Choice,
        where: dict[str, Any],
        residents: CountTable | None,
    ):
        self.workforce, self.group, self.focal, self.where = workforce, group, focal, where
        self.residents = residents
        found = self._counted()
        hires, year = found["hires"], int(found["year"])
        made = {
            "hire_share": slider("This group among those who enter", 0, 1, 0.01, 0, "%"),
            "hires": slider("Hired in a year", 0, max(20, round(MOST_HIRES * hires, -1)), 1, 0),
            "exit_focal": slider("Of this group, leave in a year", 0, 0.4, 0.005, 0, "%"),
            "exit_others": slider("Of all others, leave in a year", 0, 0.4, 0.005, 0, "%"),
            "target": slider("Share to reach", 0.01, 0.99, 0.01, 0.3, "%"),
            "by_year": slider("To be reached by", year + 1, year + 30, 1, year + AHEAD, "year"),
        }
        self.sliders = tuple(made.values())
        self._made = made
        self._begin(found)
        for one in (group, focal, *(c for c in where.values() if isinstance(c, Choice))):
            one.observe(lambda _: self._begin(self._counted()), names="value")

        def as_counted(name: str) -> _AsCounted:
            return _AsCounted(made[name], lambda: name in self._told, lambda: ())

        self.arguments: dict[str, Any] = {
            "hire_share": as_counted("hire_share"),
            # without a number the measure hires as many as leave: another number, if leaving moves
            "hires": _AsCounted(made["hires"], lambda: "hires" in self._told, self._leaving),
            "exit_rates": {
                "focal": as_counted("exit_focal"),
                "others": as_counted("exit_others"),
            },
            "target": made["target"],
            "by_year": made["by_year"],
        }

    @property
    def note(self) -> Words:
        """Words on what is assumed, which follow the choices; none where all was counted."""
        if self.workforce is None:
            return note("")
        led = {f"choice_{i}": c for i, c in enumerate((self.group, self.focal, *self._narrowed))}
        return note(lambda **_: self._assumed(), **led)

    @property
    def _narrowed(self) -> list[Choice]:
        return [c for c in self.where.values() if isinstance(c, Choice)]

    def _assumed(self) -> str:
        """Say which of the figures are assumptions."""
        one = self._shown_share is not None
        share = (
            f"its present share of the employees ({self._shown_share})" if one else "the target"
        )
        said = {
            "hire_share": f"the share of this group among those who enter is put at {share}",
            "hires": "as many people are hired as leave" if one else
            f"{FIRST_HIRES:.0f} people are hired in a year",
            "exit_focal": f"{LEAVING:.0%} of this group leave in a year",
            "exit_others": f"{LEAVING:.0%} of all others leave in a year",
        }  # fmt: skip
        lost = [name for name in _RATES if name not in self._told]
        if lost[-2:] == ["exit_focal", "exit_others"]:
            lost = lost[:-1]
            said["exit_focal"] = f"{LEAVING:.0%} of every group leave in a year"
        if not lost:
            return ""
        listed = "; ".join(said[name] for name in lost)
        which = "Some of this" if self._told else "This"
        return (
            f"**Not all of this is counted.** {which} agency's own rates are hidden or not known. "
            f"What is marked \u201c{_ASSUMED}\u201d is an assumption, not a figure of this "
            f"agency: {listed}. Set your own."
        )

    def _leaving(self) -> list[Slider]:
        return [self._made["exit_focal"], self._made["exit_others"]]

    def _begin(self, found: dict[str, Any]) -> None:
        """Put the sliders where the counts are, or where they have to be assumed."""
        self._told, self._shown_share = found["told"], found["share"]
        with batch():
            for name in _RATES:
                self._made[name].begin(
                    found[name], _COUNTED if name in found["told"] else _ASSUMED
                )
            self._made["target"].begin(found["target"])

    def _counted(self) -> dict[str, Any]:
        """Return where the sliders begin, and which of that the counts say (`told`)."""
        counted, year = self._measured(), 2025
        staff = self._measured(hire_share=0.5, exit_rates=LEAVING)
        if self.workforce is not None:
            where = {k: v for k, v in resolve(self.where).items() if k in self.workforce.by}
            here = self.workforce.where(**where)
            years = here.table["year"].dropna() if "year" in here.by else pd.Series(dtype=float)
            year = int(years.max()) if len(years) else year
        target, share, people = self._target(), staff.get("share"), staff.get("n")
        names = {"exit_focal": "exit_rate_focal", "exit_others": "exit_rate_others"}
        told = {n: counted[names.get(n, n)] for n in _RATES if names.get(n, n) in counted}
        out = {"exit_focal": LEAVING, "exit_others": LEAVING, "hires": FIRST_HIRES}
        out["hire_share"] = round(target if share is None else share, 2)
        if share is not None and people is not None:
            rates = [told.get(n, LEAVING) for n in ("exit_focal", "exit_others")]
            out["hires"] = max(round(people * (share * rates[0] + (1 - share) * rates[1])), 1)
        words = None if share is None else f"{share:.0%}"
        return out | told | {
            "told": frozenset(told), "target": target, "year": year, "share": words,
        }  # fmt: skip

    def _measured(self, **given: Any) -> dict[str, float]:
        """Return the figures of the first year, as far as they are known and not hidden."""
        published = stage().publishes
        if self.workforce is None or (published and not getattr(self.workforce, "draws", ())):
            return {}
        where = {k: v for k, v in resolve(self.where).items() if k in self.workforce.by}
        asked = {"group": self.group.picked, "focal": self.focal.picked, **given}
        asked |= {"target": 0.5, "years": 1, "draws": 0}
        try:
            table = stage().measured(parity_projection, Counted(self.workforce, where), [], asked)
        except ValueError:  # the counts lack it, or hide it
            return {}
        row = table.iloc[0]
        wanted = ("n", "share", "hire_share", "hires", "exit_rate_focal", "exit_rate_others")
        return {k: float(row[k]) for k in wanted if k in row and pd.notna(row[k])}

    def _target(self) -> float:
        """Return the goal for women, else the share of the first benchmark."""
        focal = self.focal.picked
        if focal == THIRTY_BY_30["focal"]:
            return THIRTY_BY_30["target"]
        parts = self.residents.split("benchmark") if self.residents is not None else {}
        for table in parts.values():
            if self.group.picked not in table:
                continue
            people = table.groupby(self.group.picked)["n"].sum()
            if focal in people.index:
                return float(people[focal] / people.sum())
        return THIRTY_BY_30["target"]


def plan(
    workforce: CountTable | None,
    group: Choice,
    focal: Choice,
    *,
    where: dict[str, Any] | None = None,
    residents: CountTable | None = None,
) -> Plan:
    """Return sliders for hiring and leaving that start where the counts of the workforce are.

    Until a slider is moved, the measure takes what was counted. What is hidden or not known
    starts at a stated assumption: the group's present share among those who enter, 5 % of every
    group leaving in a year, as many hired as leave. With another group they start anew.

    Parameters
    ----------
    workforce : counts with the flags joined and left; None where the agency has none.
    group, focal : choices of the column of the groups, and of the group that is followed.
    where : further choices that the figure follows.
    residents : benchmarks, of which the first gives the target; for women it is 30 %.
    """
    return Plan(workforce, group, focal, where or {}, residents)
