"""Templates of the published pages: one frame for all, and the policy they are read under."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from equity.publish._assets import asset_names

__all__ = ["POLICY", "environment", "render", "spoken_date"]

_TEMPLATES = Path(__file__).parent / "templates"

# What a server may send with every page as Content-Security-Policy.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'"
)
# In the page itself: opened from a drive, "self" is not the same thing in every browser.
_IN_PAGE = POLICY.replace("'self'", "'self' file:")


def render(
    template: str, site: Mapping[str, Any], *, here: str, root: str = "", **context: Any
) -> str:
    """Return a page of the site, made from a template that extends ``base.html.j2``.

    Parameters
    ----------
    template : name of a file in ``templates/``.
    site : the site, as `equity publish` collects it.
    here : the page within the site: "data.html", "releases/index.html".
    root : what leads from the page back to the top of the site: "", "../".
    context : `title`, and if need be `description` and whatever the template asks for.
    """
    given = {
        "site": site,
        "here": here,
        "root": root,
        "assets": asset_names(),
        "policy": _IN_PAGE,
        "nav": navigation(site),
        "date": spoken_date(site.get("release")),
        "description": "",
    }
    return environment().get_template(template).render(given | context)


def navigation(site: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return address and words of the pages of a site, in the order of its header."""
    pages = [(f"{page['name']}.html", page["title"]) for page in site.get("pages", [])]
    return [
        ("index.html", "Overview"),
        *pages,
        ("compare.html", "Compare"),
        ("glossary.html", "Glossary"),
        ("data.html", "Data"),
        ("releases/index.html", "Releases"),
    ]


def spoken_date(text: Any) -> str:
    """Return a day as it is read: "2026-11-22" -> "November 22, 2026"; other words as they are."""
    try:
        day = dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        return str(text or "")
    return f"{day:%B} {day.day}, {day.year}"


@cache
def environment() -> jinja2.Environment:
    """Return the templates; whatever is filled in is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
