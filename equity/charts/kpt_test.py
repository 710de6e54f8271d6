"""Chart of the test of equal hit rates: the lowest and the highest beside the rate of all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from equity.charts import _axes, _draw, _hidden, _marks, _outcome, _words
from equity.charts._common import alternative, block_names, level, part_name, unknown_words
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
    table = table.reset_index(drop=True)
    tests = [_named(t, labels) for t in _draw.rows_of(_at_most(table))]
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
    frame["n_text"] = _draw.apply(lambda r: _hidden.counts(r, "x", "x_known"), frame)
    frame["value"] = _draw.apply(
        lambda r: (
            _words.share(r["rate"], r["low"], r["high"]) if _words.given(r["rate"]) else None
        ),
        frame,
    )
    frame["missing"] = _draw.apply(
        lambda r: (
            None
            if r["value"]
            else _hidden.WORD
            if _hidden.row_hidden(r)
            else f"cannot be computed: {r['why'] or 'no searches'}"
        ),
        frame,
    )
    several = len(tests) > 1
    heads = block_names(frame, ("stratum",), {}) if several else [""] * len(frame)
    named = part_name(strata_label)
    heads = [f"{named(h)} · {verdicts[h]}" if h in verdicts else h for h in heads]
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
    total = _hidden.n_words(table, "searches", "x_known")
    compared = "the lowest and the highest of the groups that are large enough"
    compared = compared if rates is None else "each group"
    subtitle = [
        ", ".join(filter(None, [f"{shown}, {compared}; lines show the {interval}", total])),
        _test_words(tests, alpha),
        *(_hidden.legend(table) or _hidden.legend(frame)),
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


def _at_most(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with `p_most`: the most that a hidden adjusted p-value can be."""
    most = (pd.to_numeric(table["p_value"]).astype(float) * max(len(table), 1)).clip(upper=1.0)
    return table.assign(p_most=most)


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
        if _words.given(row["rate"]) or _hidden.lost(row, "rate"):
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
            told = {end for end in ("lowest", "highest") if isinstance(test[end], str)}
            lost = [e for e in ("lowest", "highest") if e not in told and _hidden.row_hidden(test)]
            rows += [{"group": f"{end.capitalize()} rate"} for end in lost]
            if _hidden.row_hidden(test):
                rows = [r | {"reason": test["reason"]} for r in rows]
        out += [
            {k: row.get(k) for k in columns}
            | {"stratum": stratum, "note": notes.get(row["group"])}
            | {"reason": row.get("reason") if _hidden.row_hidden(row) else None}
            for row in rows
        ]
    frame = pd.DataFrame(out, columns=list(columns)).assign(reference=ALL)
    frame["x"], frame["x_known"] = frame["x"].astype("Int64"), frame["x_known"].astype("Int64")
    for column in ("note", "reason"):
        words = frame[column].astype(object)
        frame[column] = words.where(words.notna(), None)
    return frame


def _differs(test: Mapping, alpha: float) -> bool | None:
    """Return whether hit rates differ; None where it is not known, or hidden."""
    p = test["p_adjusted"]
    if not _words.given(p) and _hidden.row_hidden(test):
        p = test.get("p_most")  # what a hidden one can be at most
        return True if _words.given(p) and p < alpha else None  # type: ignore[operator]
    return bool(p < alpha) if _words.given(p) else None


def _verdict(test: Mapping, alpha: float) -> str:
    differs = _differs(test, alpha)
    if differs is None:
        return "the test is hidden" if _hidden.row_hidden(test) else "no test"
    if _TOO_FEW in str(test["reason"]):
        return "too few searches to say more"
    return "they differ" if differs else "no difference can be told"


def _test_words(tests: list[dict], alpha: float) -> str:
    told = [t for t in tests if _words.given(t["chi2"])]
    if not told and any(_hidden.row_hidden(t) for t in tests):
        return "The chi-square is hidden"
    if not told:
        return "No chi-square could be computed"
    if len(tests) > 1:
        return (
            "One test of equal hit rates each (Pearson chi-square over the groups); headlines "
            "allow for the number of tests"
        )
    test = told[0]
    if not all(_words.given(test[k]) for k in ("groups", "df", "p_value")):
        return (
            f"Pearson chi-square over the groups: {test['chi2']:.2f}; its p-value or its degrees "
            "of freedom are hidden"
        )
    exact = _words.given(test.get("p_exact"))
    how = ", from all tables with the same totals since some groups are small" if exact else ""
    return (
        f"Could chance alone do this? Pearson chi-square over {_words.whole(test['groups'])} "
        f"groups: {test['chi2']:.2f}, {_words.whole(test['df'])} degree"
        f"{'s' if test['df'] != 1 else ''} of freedom, {_outcome.p_words(test['p_value'])}{how}"
    )


def _reasons(tests: list[dict], several: bool) -> list[str]:
    said = [
        (str(t["stratum"]), t["reason"])
        for t in tests
        if isinstance(t["reason"], str) and not _hidden.row_hidden(t)
    ]
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
    lost = [_hidden.row_hidden(p) and t is None for p, t in zip(parts, told, strict=True)]
    if all(lost):
        return f"Whether hit rates differ is not shown: {_hidden.part_of(lost, 'test')}"
    if all(t is None for t in told):
        return "Hit rates of the groups cannot be compared from these numbers"
    told = [None if _TOO_FEW in str(p["reason"]) else t for p, t in zip(parts, told, strict=True)]
    if all(t is None for t in told):
        counted = [float(t["x_known"]) for t in parts if _words.given(t["x_known"])]
        where = "in those shown" if len(counted) < len(parts) else "in all"
        return f"Too few searches to say more: {sum(counted):,.0f} {where}"
    if len(parts) > 1:
        number, yes, no = len(parts), told.count(True), told.count(False)
        some = f"all {number}" if yes == number else f"{yes or 'none'} of {number}"
        text = (
            f"In {some} {_words.plural(strata, number)}, searches of the groups found {what} "
            "unequally often, by more than chance explains"
        )
        if no:
            text += f"; in {no}, no difference can be told"
        if sum(lost):
            text += f"; in {sum(lost)}, the test is hidden"
            no += sum(lost)
        if number - yes - no:
            few = sum(_TOO_FEW in str(p["reason"]) for p in parts)
            if few:
                text += f"; in {few}, there are too few searches to say more"
            if number - yes - no - few:
                text += f"; in {number - yes - no - few}, no test can be made"
        return text
    test = parts[0]
    if not told[0]:
        groups = f"{_words.whole(test['groups'])} " if _words.given(test["groups"]) else ""
        return (
            f"Searches of {groups}groups found {what}, and no difference "
            "between their hit rates can be told from chance"
        )
    text = f"Searches of the groups found {what} unequally often, by more than chance explains"
    few = (test.get(f"{end}_x_known") for end in ("lowest", "highest"))
    if any(_words.given(n) and n < _ENOUGH for n in few):  # type: ignore[operator]
        return text
    ends = [f"{e}{k}" for e in ("lowest", "highest") for k in ("", "_rate", "_x_known")]
    if _hidden.row_hidden(test) and not all(_words.given(test.get(k)) for k in ends):
        return f"{text}; the lowest or the highest is hidden"
    low, high = (
        f"{_words.percent(test[f'{end}_rate'])} for {_words.people(test[end], labels, who)}"
        for end in ("lowest", "highest")
    )
    return f"{text}: from {low} to {high}"
