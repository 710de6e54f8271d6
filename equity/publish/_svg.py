"""Draws a figure once when the page is written, so that it is there before any script is."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

__all__ = ["NARROW", "WIDE", "finished", "still"]

NARROW, WIDE = 340, 760  # pixels: a phone, and the column of a page on a large screen
_PANEL = Path(__file__).parents[1] / "widgets" / "static" / "panel.js"
_SVG = "http://www.w3.org/2000/svg"
_GONE = ("role", "aria-label", "aria-roledescription", "aria-hidden", "class", "version")
_STYLED = ("fill", "stroke", "opacity", "font-family", "font-size", "font-weight", "font-style")
_USUAL = {"opacity": "1", "stroke-width": "1", "transform": "translate(0,0)"}
_LONG = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")


def still(state: Mapping[str, Any], width: int, name: str) -> str:
    """Return the picture of a figure as an SVG element of a page.

    It holds no style attribute, no script and no address, so that it may stand in a page under a
    strict policy; its ink is that of light paper, and the sheet of the page turns it over in the
    dark by the colours of the attributes.

    Parameters
    ----------
    state : what the figure shows; its `spec` is Vega-Lite.
    width : in pixels, for a chart that takes the width of its page.
    name : what the names inside it begin with: a page holds many pictures.
    """
    import vl_convert

    from equity.widgets._runtime import _vega_lite

    drawn = vl_convert.vegalite_to_svg(finished(state, width), vl_version=_vega_lite())
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(drawn)
    _clean(root, name)
    text = re.sub(r">\s+<", "><", ElementTree.tostring(root, encoding="unicode"))
    return text.replace(f' xmlns="{_SVG}"', "", 1)  # a page knows what an svg is


def finished(state: Mapping[str, Any], width: int) -> dict[str, Any]:
    """Return the complete chart as panel.js makes it: with its data, ink and width."""
    spec = copy.deepcopy(dict(state["spec"]))
    if isinstance(spec.get("data"), Mapping) and spec["data"].get("name") == "table":
        rows = [dict(row) for row in state.get("data") or []]
        spec["datasets"] = {**spec.get("datasets", {}), "table": rows}
    spec["config"] = _inked(spec.get("config") or {})
    if spec.get("width") == "container":
        spec["width"] = width
        spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec


def _inked(config: Mapping[str, Any]) -> dict[str, Any]:
    ink = _ink()
    axis = {
        "labelColor": ink["text"],
        "titleColor": ink["quiet"],
        "domainColor": ink["line"],
        "tickColor": ink["line"],
        "gridColor": ink["faint"],
    }
    kept = copy.deepcopy(dict(config))
    for key, part in kept.items():
        if key.startswith("axis") and isinstance(part, dict):
            for name in axis:
                part.pop(name, None)
    if isinstance(kept.get("text"), dict):
        kept["text"].pop("fill", None)
    sized = {"labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal"}
    head = {"labelColor": ink["text"], "titleColor": ink["quiet"]}
    return _merge(
        {
            "font": _font(),
            "axis": sized,
            "legend": sized,
            "header": {"labelFontSize": 14, "titleFontSize": 13, "labelFontWeight": "bold"},
            "text": {"fontSize": 13},
            "view": {"stroke": None},
        },
        kept,
        {
            "background": "transparent",
            "axis": axis,
            "legend": head,
            "header": head,
            "title": {"color": ink["text"], "subtitleColor": ink["quiet"]},
            "text": {"color": ink["text"]},
            "rule": {"color": ink["line"]},
        },
    )


def _merge(*parts: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, Mapping) and isinstance(out.get(key), Mapping)
            out[key] = _merge(out[key], value) if both else value
    return out


@cache
def _ink() -> dict[str, str]:
    """Return the ink on light paper, as panel.js has it."""
    line = re.search(r"const INK = \{\s*light: \{(.*?)\}", _PANEL.read_text(encoding="utf-8"))
    if not line:
        raise RuntimeError("panel.js names no ink for light paper.")
    return dict(re.findall(r'(\w+): "(#\w+)"', line[1]))


@cache
def _font() -> str:
    line = re.search(r"const FONT = '(.*)';", _PANEL.read_text(encoding="utf-8"))
    if not line:
        raise RuntimeError("panel.js names no font.")
    return line[1]


def _clean(root: ElementTree.Element, name: str) -> None:
    """Take out what a page does not need or may not hold, and shorten the numbers."""
    classes = {e: e.get("class") or "" for e in root.iter()}
    for parent in root.iter():
        for child in list(parent):
            unseen = child.get("display") == "none" or child.get("d") in ("", "M0,0h0v0h0Z")
            if unseen or child.tag.split("}")[-1] in ("script", "style", "title", "desc"):
                parent.remove(child)
    for element in root.iter():
        for rule in (element.attrib.pop("style", None) or "").split(";"):
            key, _, value = rule.partition(":")
            if key.strip() in _STYLED and value.strip():
                element.set(key.strip(), value.strip())
        for key in _GONE:
            element.attrib.pop(key, None)
        for key, value in list(element.attrib.items()):
            outside = key.split("}")[-1] == "href" and value[:1] not in "#d"
            if _USUAL.get(key) == value or key == "pointer-events" or key[:2] == "on" or outside:
                del element.attrib[key]
            elif key == "id":
                element.set(key, f"{name}-{value}")
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{name}-"))
            elif key == "font-family":
                del element.attrib[key]  # the sheet of the page names it once
            elif key in ("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height"):
                element.set(key, _LONG.sub(_short, value))
        if "role-axis-grid" in classes[element]:
            element.set("class", "role-axis-grid")
        if element.tag.endswith("}path") and "background" in classes[element]:
            element.set("class", "background")
    _unwrap(root)


def _unwrap(parent: ElementTree.Element) -> None:
    """Take away groups that say nothing."""
    for child in parent:
        _unwrap(child)
    flat: list[ElementTree.Element] = []
    for child in parent:
        flat += list(child) if child.tag.endswith("}g") and not child.attrib else [child]
    parent[:] = flat


def _short(number: re.Match[str]) -> str:
    value = round(float(number[0]), 1)
    return str(int(value)) if value.is_integer() else f"{value:g}"
