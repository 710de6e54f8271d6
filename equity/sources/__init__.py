"""One publisher per file: its raw file in, our table out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from equity.sources import (
        acs,
        applicant_totals,
        applicants,
        ctrp3,
        eeo4,
        neogov,
        openpolicedata,
        opp,
        peoplesoft,
        police_uk,
        population,
        ripa,
        roster,
        stops,
        workday,
    )

__all__ = [
    "acs",
    "applicant_totals",
    "applicants",
    "ctrp3",
    "eeo4",
    "neogov",
    "openpolicedata",
    "opp",
    "peoplesoft",
    "police_uk",
    "population",
    "ripa",
    "roster",
    "stops",
    "workday",
]


def __getattr__(name: str) -> Any:
    """Import an adapter when it is first used, so that `import equity` stays quick."""
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(
        f"equity.sources has no adapter {name!r}. There are: {', '.join(__all__)}."
    )


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
