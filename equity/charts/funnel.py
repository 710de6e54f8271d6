"""Chart of the pipeline: who of each group is still in after each stage, and who was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from equity.charts import _axes, _draw, _hidden, _marks, _words
from equity.charts._common import alternative, block_names, cannot, group_words, unknown_words
from equity.charts._style import PALETTE

if TYPE_CHECKING:
    import altair as alt

__all__ = ["funnel"]

_NEEDED = (
    *("stratum", "stage", "group", "n", "lost", "withdrew", "pending", "share_of_applicants"),
    *("share_of_stage", "rate"),
)
_ENOUGH = 20
"""Where most are lost, and what share, is told of groups of at least so many people."""


def funnel(
    table: pd.DataFrame,
    *,
    who: str = "applicants",
    labels: Mapping[str, str] | None = None,
    strata_label: str | None = None,
) -> alt.LayerChart:
    """Draw for each group how many are still in after each stage, and the loss where it happens.

    Parameters
    ----------
    table : what `equity.funnel` returns.
    who : the people, for titles.
    labels : words for groups and for stages.
    strata_label : what the parts are, such as "Posting".

    The stage at which a group loses most people is marked, unless fewer than 20 applied or one
    person more or fewer would make it another. Raises ValueError where the table lacks a column or
    has more than 5,000 rows. It cannot show why people drop out, nor whether groups differ by more
    than chance.
    """
    import altair as alt

    frame = _draw.prepare(table, _NEEDED, labels)

    def stage(key: str) -> str:
        return (labels or {}).get(key) or _words.stage_name(key)

    frame["group_label"] = frame["label"]
    frame["stage_label"] = [stage(str(s)) for s in frame["stage"]]
    frame["label"] = frame["short"] = frame["stage_label"]
    applied = _applied(frame)
    share = pd.to_numeric(frame["share_of_applicants"]).astype(float)
    # the share follows from two numbers that are shown
    frame["at"] = share.fillna(
        pd.to_numeric(frame["n"]).astype(float) / applied.where(applied > 0)
    )
    end = frame["at"]
    for column, to in (("lost", "lost_to"), ("withdrew", "gone_to"), ("pending", "open_to")):
        end = end + pd.to_numeric(frame[column]).astype(float) / applied
        frame[to] = end
    most = worst(_draw.rows_of(frame))
    frame["most"] = [
        most.get((s, g)) == at
        for s, g, at in zip(frame["stratum"], frame["group"], frame["stage"], strict=True)
    ]
    first = {(r["stratum"], r["group"]): r["stage"] for r in reversed(_draw.rows_of(frame))}

    # who withdrew is told apart from who waits
    told = bool((frame["withdrew"] > 0).any() or _gone(frame, "withdrew"))
    compact = len(frame) > 24
    waiting = "open" if told else "no result" if compact else "without result"

    any_hidden = bool(_hidden.is_hidden(frame).any())

    def value(row: dict) -> str | None:
        if not _words.given(row["at"]):
            return None
        if _hidden.lost(row, "n"):
            return _words.percent(row["at"])
        return f"{_words.whole(row['n'])} ({_words.percent(row['at'])})"

    def counted(row: dict) -> str | None:
        if row["stage"] == first[row["stratum"], row["group"]] or not _words.given(row["at"]):
            return None
        known, gone = [], []
        for word, column in (("lost", "lost"), ("withdrew", "withdrew"), (waiting, "pending")):
            if not _words.given(row[column]) and (any_hidden or _hidden.lost(row, column)):
                gone.append(word)
            elif row[column] or word == "lost":
                mark = " ▼" if word == "lost" and row["most"] and compact else ""
                known.append(f"{_hidden.count(row, column)} {word}{mark}")
        if waiting in gone and not told:  # it stands for both
            gone = [word for word in gone if word != "withdrew"]
        if len(gone) == 3 or (gone and not known):
            return f"numbers {_hidden.WORD}"
        return ", ".join([*known, *(f"{word} {_hidden.WORD}" for word in gone)])

    frame["value"] = _draw.apply(value, frame)
    frame["note"] = _draw.apply(lambda r: "▼ most lost here" if r["most"] else None, frame)
    frame["n_text"] = _draw.apply(counted, frame)
    frame["missing"] = _draw.apply(lambda r: cannot(r, "at"), frame)
    frame["passed"] = _draw.apply(_passed, frame)
    frame["of_stage"] = _draw.apply(_of_stage, frame)
    several = frame["stratum"].nunique() > 1
    frame["aria"] = [
        ", ".join(
            str(w)
            for w in (
                r["stratum"] if several else None,
                r["group_label"],
                r["stage_label"],
                f"{r['value']} still in" if r["value"] else r["missing"],
                r["n_text"].replace(" ▼", "") if r["n_text"] else None,
                "most lost here" if r["most"] else None,
            )
            if w
        )
        for r in _draw.rows_of(frame)
    ]
    sentences = frame.loc[frame["most"], "aria"].tolist() or frame["aria"].tolist()
    heads = block_names(frame, ("stratum", "group"), {"group": lambda g: _words.name(g, labels)})
    beside = ["0,000 lost ▼", *(text for text in frame["n_text"] if isinstance(text, str))]
    labels_ = frame["label"].tolist()
    if not compact:  # the counts stand below the label, and are set smaller
        labels_ += [text[: len(text) * 4 // 5] for text in beside]
    page = _draw.Page(labels_, len(frame), right=128 if compact else 150, beside=beside)
    frame, height = _draw.place(frame, heads, page, room=6)
    tips = [
        *([alt.Tooltip("stratum:N", title=_words.sentence(strata_label or "part"))] * several),
        alt.Tooltip("group_label:N", title="Group"),
        alt.Tooltip("stage_label:N", title="Stage"),
        alt.Tooltip("value:N", title="Still in"),
        alt.Tooltip("n_text:N", title="At this stage"),
        alt.Tooltip("passed:N", title="Passed"),
        alt.Tooltip("of_stage:N", title="Of all still in"),
        alt.Tooltip("reason:N", title="Note"),
    ]
    x = alt.X(
        "at:Q",
        scale=_axes.x_scale(page, log=False),
        axis=_axes.axis_percent(f"Share of the group’s {who}"),
    )
    zero = alt.X2Datum(0)
    thick = 11 if page.compact else 16
    layers = [
        _marks.hover(page, height, tips),
        *_marks.at_least(x, 0, 1),
        _part(page, height, x, "lost_to", "gone_to", "grey", 4),
        _part(page, height, x, "gone_to", "open_to", "grey", 3, dash=[3, 3]),
        _part(page, height, x, "at", "lost_to", "orange", 4),
        _part(page, height, x, "at", "lost_to", "orange", thick).transform_filter("datum.most"),
        _marks.layer("rule", strokeWidth=thick, color=PALETTE["blue"], yOffset=page.mark_dy)
        .encode(
            x=_marks.on("at", x),
            x2=zero,
            y=_marks.y_at("y", height),
            tooltip=tips,
            description=alt.Description("aria:N"),
        )
        .transform_filter(_marks.valid("at")),
        *_marks.words(page, height),
    ]
    rows = _draw.rows_of(frame)
    title = headline(rows, who=who, labels=labels, strata=strata_label)
    title = _hidden.with_closing(title, rows, "at", "lost")
    n = _hidden.n_words(frame.drop_duplicates(["stratum", "group"]), who)
    subtitle = [
        *_bars(frame, who),
        *_without_result(frame),
        *filter(None, [n, unknown_words(frame, who)]),
        *_hidden.legend(frame),
        "It does not show why people drop out, nor whether groups differ by more than chance",
    ]
    intro = f"People still in after each stage, {group_words(frame, 'group_label')}."
    intro += _hidden.named(rows, "at", "lost")
    return _draw.assemble(
        frame,
        layers,
        height=height,
        title=title,
        subtitle=subtitle,
        description=alternative(title, intro, sentences),
        page=page,
    )


def _part(
    page: _draw.Page,
    height: int,
    x: alt.X,
    start: str,
    end: str,
    colour: str,
    thick: int,
    dash: list[int] | None = None,
) -> alt.Chart:
    """Draw a part of each bar."""
    import altair as alt

    more = {"strokeDash": dash} if dash else {}
    return (
        _marks.layer(
            "rule",
            strokeWidth=thick,
            color=PALETTE[colour],
            aria=False,
            yOffset=page.mark_dy,
            **more,
        )
        .encode(x=_marks.on(start, x), x2=alt.X2(f"{end}:Q"), y=_marks.y_at("y", height))
        .transform_filter(f"{_marks.valid(start, end)} && datum.{end} > datum.{start}")
    )


def _without_result(frame: pd.DataFrame) -> list[str]:
    """Return what the grey parts of the bars are, of those that are drawn."""
    gone = bool((frame["gone_to"] > frame["lost_to"]).any())
    open_ = bool((frame["open_to"] > frame["gone_to"]).any())
    if not gone:
        both = not (frame["withdrew"] > 0).any() and not _gone(frame, "withdrew")
        no = "no result, whether still open or withdrawn" if both else "still open"
        return [f"Dashed grey: {no}"] if open_ else []
    words = "Grey: withdrew, or another word for no result; they were not turned down"
    return [words + ("; dashed grey: still open, as far as the file tells" if open_ else "")]


def _gone(frame: pd.DataFrame, column: str) -> bool:
    """Return whether a number is hidden in any row."""
    return any(_hidden.lost(r, column) for r in _draw.rows_of(frame))


def _bars(frame: pd.DataFrame, who: str) -> list[str]:
    """Return what the blue and the orange parts of the bars are, of those that are drawn."""
    if not frame["at"].notna().any():
        return []
    text = f"Blue: share of the group’s {who} still in after the stage"
    if (frame["lost_to"] > frame["at"]).any():
        text += ". Orange: lost at it"
        if frame["most"].any():
            text += "; thick, with ▼, where the group loses most people"
    return [text]


def _passed(row: dict) -> str | None:
    """Return who passed a stage, of those with a known result."""
    if not _words.given(row["rate"]):
        return None
    if not (_words.given(row["n"]) and _words.given(row["lost"])):
        return _words.percent(row["rate"])
    n, known = row["n"], row["n"] + row["lost"]
    return f"{_words.whole(n)} of {_words.whole(known)} ({_words.percent(row['rate'])})"


def _of_stage(row: dict) -> str | None:
    share = row["share_of_stage"]
    return f"{_words.percent(share)} are of this group" if _words.given(share) else None


def _applied(frame: pd.DataFrame) -> pd.Series:
    """Return of each row how many of its group applied; missing where that is hidden."""
    rows = _draw.rows_of(frame)
    first = {(r["stratum"], r["group"]): r["n"] for r in reversed(rows)}
    found = [first[r["stratum"], r["group"]] for r in rows]
    return pd.Series(found, index=frame.index, dtype=float)


def _told(rows: list[dict]) -> list[dict]:
    """Return the rows of the strata and groups of which all losses are known."""
    gone = {(r["stratum"], r["group"]) for r in rows if _hidden.lost(r, "n", "lost")}
    return [r for r in rows if (r["stratum"], r["group"]) not in gone]


def worst(rows: list[dict]) -> dict[tuple[str, str], str]:
    """Return the stage at which each stratum and group loses most people.

    Not there where one person more or fewer would make it another stage, or few applied.
    """
    losses: dict[tuple[str, str], list[tuple[int, str]]] = {}
    applied: Counter = Counter()
    for r in _told(rows):
        applied[r["stratum"], r["group"]] = max(applied[r["stratum"], r["group"]], int(r["n"]))
        losses.setdefault((r["stratum"], r["group"]), []).append((int(r["lost"]), r["stage"]))
    out = {}
    for key, found in losses.items():
        first, *rest = sorted(found, key=lambda pair: -pair[0])
        if applied[key] >= _ENOUGH and first[0] > 1 + max((n for n, _ in rest), default=0):
            out[key] = first[1]
    return out


def headline(
    rows: list[dict], *, who: str, labels: Mapping[str, str] | None, strata: str | None
) -> str:
    """Return the finding: at which stage each group loses most people."""
    if not rows:
        return "There are no figures to show"
    parts = list(dict.fromkeys(r["stratum"] for r in rows))

    def stage(key: str) -> str:
        return f"“{(labels or {}).get(key) or _words.stage_name(key)}”"

    if len(parts) > 1:
        together: dict[tuple[str, str], list[int]] = {}
        for r in rows:
            both = together.setdefault((r["stratum"], r["stage"]), [0, 0])
            both[0] += int(r["lost"]) if _words.given(r["lost"]) else 0
            both[1] += int(r["n"]) if _words.given(r["n"]) else 0
        gone = {r["stratum"] for r in rows if _hidden.lost(r, "n", "lost")}
        all_ = [
            {"stratum": part, "group": "", "stage": at, "lost": lost, "n": n}
            for (part, at), (lost, n) in together.items()
            if part not in gone
        ]
        found = Counter(worst(all_).values())
        if not found and gone:
            return "In the parts that are shown it cannot be told where most are lost"
        if not found:
            return "There are too few people to tell where most are lost"
        best, number = found.most_common(1)[0]
        return (
            f"{_words.for_parts(number, len(parts), strata)}, most people are lost "
            f"at the stage {stage(best)}"
        )
    if rows and not _told(rows):
        return _hidden.none_shown(rows, "n", what="The number") or (
            "Where most are lost cannot be told: a part of every group is hidden"
        )
    hidden = {r["group"] for r in rows} - {r["group"] for r in _told(rows)}
    rows = _told(rows)
    most = {group: at for (_, group), at in worst(rows).items()}
    if not most and hidden:
        return "It cannot be told where most are lost in the groups that are shown"
    if not most:
        if not any(r["lost"] for r in rows):
            return f"None of the {who} was lost at any stage"
        return "There are too few people to tell where most are lost"
    groups = list(dict.fromkeys(r["group"] for r in rows))
    left = len(groups) - len(most)
    few = f"; for {left} group{'s' * (left > 1)} there are too few people to tell" if left else ""
    by: dict[str, list[str]] = {}
    for group in groups:
        if group in most:
            by.setdefault(most[group], []).append(group)
    if len(by) == 1:
        at = next(iter(by))
        if len(most) == 1:
            name = _words.sentence(_words.people(by[at][0], labels, who))
            return f"{name} lose most people at the stage {stage(at)}{few}"
        lead = "All groups lose" if not left and not hidden else "Groups lose"
        return f"{lead} most people at the stage {stage(at)}{_range(rows, at, labels, who)}{few}"
    said = []
    for at, members in sorted(by.items(), key=lambda pair: -len(pair[1])):
        names = _words.listed([_words.name(g, labels) for g in members])
        if len(members) > 3:
            names = f"{len(members)} groups"
        else:
            names += f" {who}" if not said else ""
        said.append(f"{names} lose most people at the stage {stage(at)}" if not said
                    else f"{names} at {stage(at)}")  # fmt: skip
    return _words.sentence("; ".join(said)) + few


def _range(rows: list[dict], at: str, labels: Mapping[str, str] | None, who: str) -> str:
    """Return how different the share is that groups lose at a stage, as far as it can be told."""
    there = [
        (r["lost"] / (r["n"] + r["lost"]), r)
        for r in rows
        if r["stage"] == at and r["n"] + r["lost"] >= _ENOUGH
    ]
    if len(there) < 2:
        return ""
    (least, low), (most, high) = (f(there, key=lambda p: p[0]) for f in (min, max))
    groups = [_words.people(r["group"], labels, who) for r in (high, low)]
    return (
        f": {_words.percent(most)} of {groups[0]} who came so far, "
        f"{_words.percent(least)} of {groups[1]}"
    )
