"""Sliders for what a workforce could become: they start where the counts are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from equity.counts import CountTable
from equity.measures.parity_projection import THIRTY_BY_30, parity_projection
from equity.widgets._choices import Choice, Part, batch, resolve
from equity.widgets._sliders import Slider, slider

__all__ = ["Plan", "plan"]

MOST_HIRES = 5  # times as many as leave
FIRST_HIRES = 20.0  # where nobody knows how many leave
AHEAD = 10


class _AsCounted(Part):
    """What a slider says once it has been moved; until then None: as counted.

    Where nothing was counted (`beside`), all of them hold as they stand once one has been moved.
    """

    def __init__(self, of: Slider, beside: Callable[[], Iterable[Slider]]):
        super().__init__(of, {})  # type: ignore[arg-type]
        self.beside = beside

    @property
    def picked(self) -> Any:
        made = self.of.is_made or any(slider.is_made for slider in self.beside())
        return self.of.picked if made else None


class Plan:
    """Sliders, and what they mean to `equity.parity_projection`.

    sliders : to be put into a row of choices.
    arguments : to be given to :func:`show` with the measure.
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
        hires = found["hires"] or FIRST_HIRES
        year = int(found["year"])
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
            return _AsCounted(made[name], self._instead)

        self.arguments: dict[str, Any] = {
            "hire_share": as_counted("hire_share"),
            # without a number the measure hires as many as leave: another number, if leaving moves
            "hires": _AsCounted(made["hires"], self._leaving),
            "exit_rates": {
                "focal": as_counted("exit_focal"),
                "others": as_counted("exit_others"),
            },
            "target": made["target"],
            "by_year": made["by_year"],
        }

    def _leaving(self) -> list[Slider]:
        return [self._made["exit_focal"], self._made["exit_others"], *self._instead()]

    def _instead(self) -> list[Slider]:
        """Return the sliders of what was counted, if it was not."""
        names = ("hire_share", "hires", "exit_focal", "exit_others")
        return [] if self._known else [self._made[name] for name in names]

    def _begin(self, found: dict[str, Any]) -> None:
        """Put the sliders where the counts are."""
        self._known = bool(found["known"])
        start = {
            "hire_share": found["hire_share"],
            "hires": found["hires"] or FIRST_HIRES,
            "exit_focal": found["exit_rate_focal"],
            "exit_others": found["exit_rate_others"],
            "target": found["target"],
        }
        with batch():
            for name, value in start.items():
                told = self._known and name != "target"
                self._made[name].begin(value, "as counted" if told else "")

    def _counted(self) -> dict[str, Any]:
        """Return what the counts say; 0 where they do not."""
        nothing = {"hire_share": 0.0, "hires": 0.0, "exit_rate_focal": 0.0}
        nothing |= {"exit_rate_others": 0.0, "target": self._target(), "year": 2025}
        nothing["known"] = False
        if self.workforce is None:
            return nothing
        where = {k: v for k, v in resolve(self.where).items() if k in self.workforce.by}
        here = self.workforce.where(**where)
        years = here.table["year"].dropna() if "year" in here.by else pd.Series(dtype=float)
        nothing["year"] = int(years.max()) if len(years) else nothing["year"]
        try:
            row = parity_projection(
                here, group=self.group.picked, focal=self.focal.picked, target=0.5, years=1,
                draws=0,
            ).iloc[0]  # fmt: skip
        except ValueError:  # the figure itself says what the counts lack
            return nothing
        kept = ("target", "year", "known")
        return nothing | {k: float(row[k]) for k in nothing if k not in kept} | {"known": True}

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

    Until a slider is moved, the measure takes what was counted. With another group they start
    anew.

    Parameters
    ----------
    workforce : counts with the flags joined and left; None where the agency has none.
    group, focal : choices of the column of the groups, and of the group that is followed.
    where : further choices that the figure follows.
    residents : benchmarks, of which the first gives the target; for women it is 30 %.
    """
    return Plan(workforce, group, focal, where or {}, residents)
