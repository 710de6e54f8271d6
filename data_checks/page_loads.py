"""The page of all loads: which there were, what changed, and the trend of each rule."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from data_checks.page_parts import anchor, columns, document, mark, moment
from data_checks.report import Report, RuleResult, write_text
from data_checks.verdict import percent, title_of

if TYPE_CHECKING:
    from data_checks.loads import Load

__all__ = ["write_loads"]

Point = tuple["Load", RuleResult]
WIDTH, HEIGHT, EDGE = 180, 36, 4


def write_loads(
    loads: Sequence[Load], path: Path, *, agency: str = "", fictional: bool = False
) -> None:
    """Write the page of all loads, the newest first."""
    known = [load for load in loads if load.reports]
    main = '<p><a href="index.html">The last load in full</a></p>\n'
    main += _changes(known) + _list(loads)
    for name in known[0].reports if known else ():
        main += _table(name, [load for load in known if name in load.reports])
    foot = (
        "A share is that of the rows tested that break a rule. Between two loads the rules "
        "themselves may have changed; the page of a load names their version."
    )
    text = document(
        "Loads", ("Data checks", agency), fictional=fictional, main=main, foot=foot
    )  # fmt: skip
    write_text(path, text)


def _list(loads: Sequence[Load]) -> str:
    head = columns(
        [("Load and verdict", ""), ("Rows", "n"), ("Set aside", "n"), ("Warnings", "n")]
    )
    rows = "".join(map(_line, loads))
    caption = f"{len(loads)} {'load' if len(loads) == 1 else 'loads'}, the newest first"
    return (
        f"<h2>All loads</h2>\n<table><caption>{caption}</caption>\n{head}\n"
        f"<tbody>\n{rows}</tbody></table>\n"
    )


def _line(load: Load) -> str:
    if load.problem:
        return (
            f'<tr><th scope="row"><code>{escape(load.id)}</code><span class="small">This load '
            f'cannot be read: {escape(load.problem)}.</span></th><td class="n">–</td>'
            '<td class="n">–</td><td class="n">–</td></tr>\n'
        )
    s = load.summary
    sign, tone, word = "✓", "good", "all can be used"
    if s["usable"] < s["tables"]:
        sign, tone, word = "✕", "bad", f"{s['usable']} of {s['tables']} files can be used"
    elif s["set_aside"] > s["expected"] or s["warnings"]:
        sign, tone, word = "!", "look", "all can be used, look"
    again = f"; the same files again on {moment(load.last)}" if load.last != load.first else ""
    delivered = ", ".join(f for f in s["delivered"] if f)
    return (
        f'<tr><th scope="row"><a href="loads/{escape(load.id)}/index.html">'
        f"{moment(load.first)}</a> "
        f'<span class="verdict-word {tone}"><span class="mark" aria-hidden="true">{sign}</span> '
        f'{word}</span><span class="small">{escape(delivered)}{again}</span></th>'
        f'<td class="n">{s["rows"]:,}</td><td class="n">{s["set_aside"]:,}</td>'
        f'<td class="n">{s["warnings"]:,}</td></tr>\n'
    )


def _changes(known: Sequence[Load]) -> str:
    """Return which rules came out otherwise than in the load before, in words."""
    if not known:
        return ""
    files, said = [], []
    for name, report in known[0].reports.items():
        before = next((load.reports[name] for load in known[1:] if name in load.reports), None)
        if before is None:
            continue
        if (before.usable, before.unreadable) != (report.usable, report.unreadable):
            files.append(
                f'<li><a href="#{anchor(name)}">{escape(title_of(name, report))}</a> '
                f"Before: {escape(before.sentence)} Now: {escape(report.sentence)}</li>\n"
            )
        old = {rule.id: rule for rule in before.rules}
        for rule in report.rules:
            was = old.get(rule.id)
            if was is not None and was.word != rule.word and not _first_rows(was, rule):
                said.append(
                    f'<li><a href="#{anchor(name, rule.id)}">{escape(title_of(name, report))}, '
                    f"{escape(rule.id)}</a> {escape(rule.says)} Before: {mark(was.word)}"
                    f"{_share(was)}. Now: {mark(rule.word)}{_share(rule)}.</li>\n"
                )
    if len(known) == 1:
        text = "<p>This is the first load. The next one is compared with it.</p>\n"
    elif files or said:
        text = f'<ul class="first">\n{"".join(files + said)}</ul>\n'
    else:
        text = "<p>No rule came out otherwise than in the load before.</p>\n"
    return f"<h2>What changed since the load before</h2>\n{text}"


def _first_rows(was: RuleResult, now: RuleResult) -> bool:
    """Whether a rule passes that had no row to test: that is nothing to look at."""
    return (was.word, now.word) == ("nothing to test", "passed")


def _now(points: Sequence[Point], newest: Load, report: Report) -> str:
    """Return how a rule came out in the newest load, which may not have it."""
    load, last = points[0]
    if last.id == report.unread_id:
        return "the file cannot be used yet." if load is newest else "the file can be read."
    said = f"{mark(last.word)}{_share(last)}."
    if load is not newest:
        return f"not tested in this load. Last tested {moment(load.first)}: {said}"
    return said


def _share(rule: RuleResult) -> str:
    return f" ({percent(rule.share)})" if rule.share is not None else ""


def _table(name: str, known: Sequence[Load]) -> str:
    """Return the trend of every rule of a table that was broken in one of the loads."""
    report = known[0].reports[name]
    trends: dict[str, list[Point]] = {}
    for load in known:
        for rule in load.reports[name].rules:
            trends.setdefault(rule.id, []).append((load, rule))
    changed = {
        i: points
        for i, points in sorted(trends.items())
        if any(r.bad for _, r in points) or len({r.word for _, r in points}) > 1
        or any(r.open for _, r in points)
    }  # fmt: skip
    quiet = len(trends) - len(changed)
    rest = f'<p class="note">{quiet} {"rule was" if quiet == 1 else "rules were"} the same in '
    rest += "every load, without an exception.</p>\n"
    body = "".join(_trend(name, points, known[0]) for points in changed.values())
    return (
        f'<section class="file" aria-labelledby="{anchor(name)}">\n'
        f'<h2 id="{anchor(name)}">{escape(title_of(name, report))}</h2>\n'
        f"{_rows(title_of(name, report), name, known)}{body}{rest if quiet else ''}</section>\n"
    )


def _rows(title: str, name: str, known: Sequence[Load]) -> str:
    head = columns([("Load", ""), ("Rows", "n"), ("Set aside", "n"), ("Warnings", "n")])
    body = "".join(
        f'<tr><th scope="row">{moment(load.first)}</th><td class="n">{r.rows_in:,}</td>'
        f'<td class="n">{r.rows_set_aside:,}</td><td class="n">{len(r.warnings):,}</td></tr>\n'
        for load in known
        for r in [load.reports[name]]
    )
    return (
        f"<table><caption>{escape(title)}: rows of each load</caption>\n{head}\n"
        f"<tbody>\n{body}</tbody></table>\n"
    )


def _trend(name: str, points: Sequence[Point], newest: Load) -> str:
    _, last = points[0]
    head = columns([("Load", ""), ("Outcome", "state"), ("Exceptions", "n"), ("Share", "n")])
    body = "".join(
        f'<tr><th scope="row">{moment(load.first)}</th><td class="state">{mark(r.word)}</td>'
        f'<td class="n">{_of(r)}</td>'
        f'<td class="n">{"–" if r.share is None else percent(r.share)}</td></tr>\n'
        for load, r in points
    )
    now = _now(points, newest, newest.reports[name])
    allowed = f" Allowed: {percent(last.allowed)}." if last.allowed else ""
    caption = f"{escape(last.id)}: exceptions in each load"
    return (
        f'<div class="trend" id="{anchor(name, last.id)}"><h3>{escape(last.id)} '
        f"{escape(last.says)}</h3>\n<p>Now: {now}{allowed}</p>\n"
        f"{_spark([r for _, r in reversed(points)])}"
        f"<details><summary>The numbers of {escape(last.id)}</summary>\n"
        f"<table><caption>{caption}</caption>\n{head}\n"
        f"<tbody>\n{body}</tbody></table></details></div>\n"
    )


def _of(rule: RuleResult) -> str:
    if not rule.tested or rule.bad is None:
        return "–"
    return f'{rule.bad:,}<span class="small">of {rule.tested:,}</span>'


def _spark(rules: Sequence[RuleResult]) -> str:
    """Return a line of the shares over the loads; the table below it says the same in numbers."""
    if len(rules) < 2:
        return ""
    top = max([r.share or 0 for r in rules] + [r.allowed for r in rules]) or 1.0
    step = (WIDTH - 2 * EDGE) / (len(rules) - 1)

    def at(n: int, share: float) -> tuple[float, float]:
        return round(EDGE + n * step, 1), round(
            HEIGHT - EDGE - share / top * (HEIGHT - 2 * EDGE), 1
        )

    runs: list[list[tuple[float, float]]] = [[]]
    for n, rule in enumerate(rules):
        if rule.share is None:  # a gap: nothing was tested
            runs.append([])
        else:
            runs[-1].append(at(n, rule.share))
    shapes = [_line_of(run) for run in runs if len(run) > 1]
    if rules[-1].allowed:
        y = at(0, rules[-1].allowed)[1]
        shapes.append(
            f'<path d="M{EDGE} {y}H{WIDTH - EDGE}" stroke="currentColor" stroke-dasharray="2 3"/>'
        )
    shapes += [
        f'<circle cx="{x}" cy="{y}" r="2.5" fill="currentColor"/>' for run in runs for x, y in run
    ]
    return (
        f'<svg class="spark" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'aria-hidden="true" focusable="false">{"".join(shapes)}</svg>\n'
    )


def _line_of(run: Sequence[tuple[float, float]]) -> str:
    points = " ".join(f"{x},{y}" for x, y in run)
    return f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="2"/>'
