"""A small page of a published site, made up: what `equity publish` captures from a notebook."""

from __future__ import annotations

from typing import Any

REASON = "Hidden: fewer than 10 people, or it would give such a number away"
COLUMNS = [
    {"key": "group", "heading": "Group", "format": "text"},
    {"key": "n", "heading": "People", "format": "whole"},
    {"key": "rate", "heading": "Share", "format": "percent"},
    {"key": "difference", "heading": "Points", "format": "points"},
    {"key": "p_value", "heading": "p-value", "format": "p"},
    {"key": "method", "heading": "Method", "format": "text", "only": "download"},
]
SPEC = {
    "data": {"name": "table"},
    "mark": "bar",
    "width": "container",
    "height": 90,
    "config": {"axis": {"labelColor": "#123456"}},
    "encoding": {
        "x": {"field": "rate", "type": "quantitative", "title": "Share"},
        "y": {"field": "group", "type": "nominal", "title": None},
    },
}


def state(what: str, share: float, **more: Any) -> dict[str, Any]:
    """Return a figure in which the share of women is given and that of others is hidden."""
    rows = [
        {"group": "Women", "n": 12345, "rate": share, "difference": -0.0213, "p_value": 0.0004},
        {"group": "Men", "n": 22, "rate": 0.5, "difference": 0.125, "p_value": 0.0455},
        {"group": "Others", "n": None, "rate": None, "difference": None, "p_value": None},
    ]
    rows = [r | {"method": "Wilson", "reason": REASON if r["n"] is None else None} for r in rows]
    return {
        "spec": SPEC,
        "data": [{k: r[k] for k in ("group", "rate", "method")} for r in rows[:2]],
        "rows": rows,
        "columns": COLUMNS,
        "title": f"Women are {share:.0%} of {what}",
        "summary": "A sentence <b>in words</b>.",
        "description": f"Women are {share:.0%} of {what}. Men are half.",
        "notes": "A note.",
        "source": "Source: nobody.",
        "shown": more.pop("shown", ""),
        "unfollowed": "",
        "problem": "",
        "absent": "",
        "fictional": True,
        "filename": "shares",
        **more,
    }


def page() -> dict[str, Any]:
    """Return the page: one figure, one table, one absence and a note, and three choices."""
    table = state("all", 0.2) | {"spec": {}, "data": [], "title": "A table", "filename": "plain"}
    nothing = state("all", 0.2) | {"absent": "There is nothing to show.", "title": ""}
    pool = [
        state("all", 0.25),
        state("2024", 0.31, shown="Shown: Year 2024."),
        state("patrol", 0.12, shown="Shown: Unit Patrol."),
        state("all by race", 0.44),
    ]
    one = {"filename": "one", "follows": [], "states": {"": 0}}
    return {
        "name": "people",
        "title": "People",
        "description": "Who is here.",
        "lead": "<p>Who is here, and who is not.</p>",
        "sections": [
            {
                "id": "who-is-here",
                "title": "Who is here?",
                "parts": [
                    {"kind": "text", "html": "<p>Read this first.</p>"},
                    {"kind": "bar", "choices": ["c0", "c1", "c2", "c3"]},
                    {"kind": "panel", "panel": "p1"},
                    {"kind": "note", "panel": "p4"},
                ],
            },
            {
                "id": "the-rest",
                "title": "The rest",
                "parts": [
                    {"kind": "panel", "panel": "p2"},
                    {"kind": "panel", "panel": "p3"},
                    {"kind": "text", "html": "<p>Words.</p>" * 40},
                ],
            },
        ],
        "choices": {
            "c0": {
                "label": "Year",
                "name": "year",
                "start": "",
                "options": [["", "All years", "all-years"], ["2024", "2024", "2024"]],
                "parent": None,
                "by_parent": {},
                "filter": True,
            },
            "c1": {
                "label": "Unit",
                "name": "year",  # the same word: a second one gets its own
                "start": "",
                "options": [["", "All units", "all-units"], ["a; b=c", "Patrol", "patrol"]],
                "parent": None,
                "by_parent": {},
                "filter": True,
            },
            "c2": {
                "label": "Compare by",
                "name": "compare-by",
                "start": "sex",
                "options": [["sex", "Sex", "sex"], ["race", "Race", "race"]],
                "parent": None,
                "by_parent": {},
                "filter": False,
            },
            "c3": {
                "label": "With",
                "name": "with",
                "start": "male",
                "options": [["male", "Men", "men"], ["female", "Women", "women"]],
                "parent": ["c2"],
                "by_parent": {
                    "sex": {
                        "options": [["male", "Men", "men"], ["female", "Women", "women"]],
                        "start": "male",
                    },
                    "race": {
                        "options": [["white", "White", "white"], ["black", "Black", "black"]],
                        "start": "white",
                    },
                },
                "filter": False,
            },
        },
        "panels": {
            "p1": {
                "filename": "shares",
                "follows": ["c0", "c1", "c2", "c3"],
                "states": {"": 0, "c0=2024": 1, "c1=a; b=c": 2, "c2=race": 3},
                "pool": pool,
            },
            "p2": one | {"filename": "plain", "pool": [table]},
            "p3": one | {"filename": "nothing", "pool": [nothing]},
            "p4": {
                "filename": "words",
                "follows": ["c0"],
                "states": {"": 0, "c0=2024": 1},
                "pool": [{"html": "<p>Of all years.</p>"}, {"html": "<p>Of 2024.</p>"}],
            },
        },
    }


def site() -> dict[str, Any]:
    """Return the site around it."""
    return {
        "agency": "Nowhere & Sons",
        "place": "Nowhere",
        "fictional": True,
        "release": "2026-11-22",
        "minimum": 10,
        "publish": {"contact": "Ask us", "email": "us@nowhere.example", "licence": "CC BY 4.0"},
        "pages": [page()],
    }
