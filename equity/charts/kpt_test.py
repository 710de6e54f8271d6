"""Chart of the test of equal hit rates: the lowest and the highest beside the rate of all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from equity.charts import _axes, _draw, _marks, _outcome, _words
from equity.charts._common import alternative, block_names, level, unknown_words
from equity.charts._style import marks
from equity.charts.rates import reference_line

if TYPE_CHECKING:
    import altair as alt

__all__ = ["kpt_test"]

_NEEDED = (
    *("stratum", "groups", "n", "x", "x_known", "rate", "chi2", "df", "p_value", "p_adjusted"),
    *("lowest", "highest", "lowest_rate", "highest_rate"),
)
ALL = "all groups"
_ENOUGH = 30
_TOO_FEW = "fewer than 30 counted searches of every group"
"""So the reason of a test begins in which no two groups have that many."""


def kpt_test(
    table: pd.DataFrame,
    *,
    what: str = "contraband",
    who: str = "people",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
    confidence_level: float = 0.95,
    rates: pd.DataFrame | None = None,
) -> alt.LayerChart:
    """Draw the lowest and the highest hit rate beside the rate of all groups, in grey.

    Parameters
    ----------
    table : what `equity.kpt_test` returns.
    what : what searches are for, for titles.
    who, labels, strata_label, confidence_level : as in `equity.charts.rates`.
    rates : the table of `equity.hit_rates` of the same counts: then every group is drawn, not
        only the lowest and the highest.

    Raises ValueError where the table lacks a column or has more than 5,000 rows.
    It cannot show by which standard searches are made: groups can differ in hit rates although
    everybody is searched by the same standard (infra-marginality), and the reverse.
    """
    import altair as alt

    if absent := [c for c in _NEEDED if c not in table.columns]:
        raise ValueError(
            f"The table has no column {', '.join(absent)}: pass the table that the measure of "
            "the same name returns."
        )
    what = {"contraband_found": "contraband"}.get(what, what)
    interval = level(confidence_level)
    alpha = 1 - confidence_level
    tests = [_named(t, labels) for t in _draw.rows_of(table)]
    if labels and rates is not None:
        rates = rates.assign(stratum=[_part(s, labels) for s in rates["stratum"]])
    frame = _draw.prepare(_long(tests, rates), ("stratum", "group", "rate"), labels)
    look = marks(sorted(set(frame["group"]) - {ALL}, key=lambda g: (_words.rank(g), g)))
    others = ~frame["is_reference"]
    for i, column in enumerate(("colour", "shape")):  # as in other charts, whoever comes first
        frame.loc[others, column] = [look[g][i] for g in frame["group"][others]]
    if frame.empty:
        frame = frame.reindex(columns=[*frame.columns, "at", "missing"])
    frame["label"] = ["All groups" if g == ALL else n for g, n in frame[["group", "label"]].values]
    frame["short"] = ["All groups" if g == ALL else n for g, n in frame[["group", "short"]].values]
    verdicts = {str(t["stratum"]): _verdict(t, alpha) for t in tests}
    frame["n_text"] = _draw.apply(
        lambda r: f"{_words.whole(r['x'])} of {_words.whole(r['x_known'])}", frame
    )
    frame["value"] = _draw.apply(
        lambda r: (
            _words.share(r["rate"], r["low"], r["high"]) if _words.given(r["rate"]) else None
        ),
        frame,
    )
    frame["missing"] = _draw.apply(
        lambda r: None if r["value"] else f"cannot be computed: {r['why'] or 'no searches'}", frame
    )
    several = len(tests) > 1
    heads = block_names(frame, ("stratum",), {}) if several else [""] * len(frame)
    heads = [f"{h} · {verdicts[h]}" if h in verdicts else h for h in heads]
    frame["aria"] = [
        ", ".join(
            w
            for w in (head, r["label"], r["value"] or r["missing"], r["n_text"], r["note"])
            if isinstance(w, str) and w
        )
        for head, r in zip(heads, _draw.rows_of(frame), strict=True)
    ]
    sentences = frame["aria"].tolist()
    page = _draw.Page(frame["label"].tolist(), len(frame))
    frame = _draw.clip(frame, "rate", "low", "high", log=False)
    overall = frame[frame["is_reference"]].drop_duplicates("stratum").set_index("stratum")
    frame["reference_rate"] = frame["stratum"].map(overall["rate"])
    frame, height = _draw.place(frame, heads, page, room=6 if several else _draw.AXIS_ROOM)
    tips = [
        *([alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))] * several),
        alt.Tooltip("label:N", title="Group"),
        alt.Tooltip("value:N", title=f"Hit rate ({interval})"),
        alt.Tooltip("n_text:N", title="Finds of searches"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    shown = f"Share of searches that found {what}"
    x = alt.X("at:Q", scale=_axes.x_scale(page, log=False), axis=_axes.axis_percent(shown))
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0, 0.02),
        *reference_line(page, height, x, "all groups together", named=not several),
        _marks.intervals(page, height, x),
        *_marks.arrows(page, height, x),
        *_marks.dots(page, height, x, tips),
        *_marks.words(page, height),
    ]
    title = headline(tests, what=what, who=who, labels=labels, strata=strata_label, alpha=alpha)
    total = pd.to_numeric(table["x_known"]).fillna(0).sum()
    compared = "the lowest and the highest of the groups that are large enough"
    compared = compared if rates is None else "each group"
    subtitle = [
        f"{shown}, {compared}; lines show the {interval}, n = {total:,.0f} searches",
        _test_words(tests, alpha),
        *_outcome.left_out(table),
        *_reasons(tests, several),
        *filter(None, [unknown_words(table.reset_index(drop=True), "searches")]),
        _outcome.INFRA_MARGINALITY,
    ]
    intro = f"{shown}, {interval}. {_test_words(tests, alpha)}."
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def _part(stratum: object, labels: Mapping[str, str]) -> str:
    key = str(stratum)
    return key if key in ("all", "not known") else labels.get(key, key)


_LISTS = re.compile(r"(no counted search: |were searched: |only, |every group but )([^;:]+)$")


def _named(test: dict, labels: Mapping[str, str] | None) -> dict:
    """Return a test with the words of its part, and of the groups that its reason lists."""

    def words(found: re.Match[str]) -> str:
        return found[1] + _words.listed([_words.name(k, labels) for k in found[2].split(", ")])

    out = test | {"stratum": _part(test["stratum"], labels or {})}
    if isinstance(test.get("reason"), str):
        out["reason"] = "; ".join(_LISTS.sub(words, part) for part in test["reason"].split("; "))
    return out


def _long(tests: list[dict], rates: pd.DataFrame | None) -> pd.DataFrame:
    """Return a row for all groups of each stratum, and one for each group that is drawn."""
    columns = ("stratum", "group", "x", "x_known", "rate", "low", "high", "note", "reason")
    each: dict[str, list[dict]] = {}
    for row in _draw.rows_of(rates) if rates is not None else ():
        if _words.given(row["rate"]):
            each.setdefault(str(row["stratum"]), []).append(row)
    out: list[dict[str, Any]] = []
    for test in tests:
        stratum = str(test["stratum"])
        named = [(k, test[k]) for k in ("lowest", "highest") if isinstance(test[k], str)]
        notes = {group: f"the {end}" for end, group in named if rates is None}
        out.append(
            {k: test.get(k) for k in ("x", "x_known", "rate", "reason")}
            | {"stratum": stratum, "group": ALL, "low": None, "high": None, "note": None}
        )
        if rates is not None:
            rows = each.get(stratum, [])
        else:
            fields = ("x", "x_known", "rate", "low", "high")
            rows = [{"group": g} | {f: test.get(f"{end}_{f}") for f in fields} for end, g in named]
        out += [
            {k: row.get(k) for k in columns}
            | {"stratum": stratum, "note": notes.get(row["group"]), "reason": None}
            for row in rows
        ]
    frame = pd.DataFrame(out, columns=list(columns)).assign(reference=ALL)
    frame["x"], frame["x_known"] = frame["x"].astype("Int64"), frame["x_known"].astype("Int64")
    for column in ("note", "reason"):
        words = frame[column].astype(object)
        frame[column] = words.where(words.notna(), None)
    return frame


def _differs(test: Mapping, alpha: float) -> bool | None:
    if not _words.given(test["p_adjusted"]):
        return None
    return bool(test["p_adjusted"] < alpha)


def _verdict(test: Mapping, alpha: float) -> str:
    differs = _differs(test, alpha)
    if differs is None:
        return "no test"
    if _TOO_FEW in str(test["reason"]):
        return "too few searches to say more"
    return "they differ" if differs else "no difference can be told"


def _test_words(tests: list[dict], alpha: float) -> str:
    told = [t for t in tests if _words.given(t["chi2"])]
    if not told:
        return "No chi-square could be computed"
    if len(tests) > 1:
        return (
            "One test of equal hit rates each (Pearson chi-square over the groups); headlines "
            "allow for the number of tests"
        )
    test = told[0]
    exact = _words.given(test.get("p_exact"))
    how = ", from all tables with the same totals since some groups are small" if exact else ""
    return (
        f"Could chance alone do this? Pearson chi-square over {_words.whole(test['groups'])} "
        f"groups: {test['chi2']:.2f}, {_words.whole(test['df'])} degree"
        f"{'s' if test['df'] != 1 else ''} of freedom, {_outcome.p_words(test['p_value'])}{how}"
    )


def _reasons(tests: list[dict], several: bool) -> list[str]:
    said = [(str(t["stratum"]), t["reason"]) for t in tests if isinstance(t["reason"], str)]
    if not several:
        return [_words.sentence(why) for _, why in said]
    rest = len(said) - 4
    parts = [f"{stratum}: {why}" for stratum, why in said[:4]]
    return ["; ".join([*parts, *([f"and {rest} more notes"] if rest > 0 else [])])] if said else []


def headline(
    tests: list[dict],
    *,
    what: str,
    who: str,
    labels: Mapping[str, str] | None,
    strata: str | None,
    alpha: float,
) -> str:
    """Return whether hit rates differ by more than chance explains, in plain words."""
    if not tests:
        return "There are no figures to show"
    parts = [t for t in tests if t["stratum"] != "not known"] if len(tests) > 1 else tests
    told = [_differs(t, alpha) for t in parts]
    if all(t is None for t in told):
        return "Hit rates of the groups cannot be compared from these numbers"
    told = [None if _TOO_FEW in str(p["reason"]) else t for p, t in zip(parts, told, strict=True)]
    if all(t is None for t in told):
        total = sum(float(t["x_known"]) for t in parts)
        return f"Too few searches to say more: {total:,.0f} in all"
    if len(parts) > 1:
        number, yes, no = len(parts), told.count(True), told.count(False)
        some = f"all {number}" if yes == number else f"{yes or 'none'} of {number}"
        text = (
            f"In {some} {_words.plural(strata, number)}, searches of the groups found {what} "
            "unequally often, by more than chance explains"
        )
        if no:
            text += f"; in {no}, no difference can be told"
        if number - yes - no:
            few = sum(_TOO_FEW in str(p["reason"]) for p in parts)
            if few:
                text += f"; in {few}, there are too few searches to say more"
            if number - yes - no - few:
                text += f"; in {number - yes - no - few}, no test can be made"
        return text
    test = parts[0]
    if not told[0]:
        return (
            f"Searches of {_words.whole(test['groups'])} groups found {what}, and no difference "
            "between their hit rates can be told from chance"
        )
    text = f"Searches of the groups found {what} unequally often, by more than chance explains"
    few = (test.get(f"{end}_x_known") for end in ("lowest", "highest"))
    if any(_words.given(n) and n < _ENOUGH for n in few):  # type: ignore[operator]
        return text
    low, high = (
        f"{_words.percent(test[f'{end}_rate'])} for {_words.people(test[end], labels, who)}"
        for end in ("lowest", "highest")
    )
    return f"{text}: from {low} to {high}"
