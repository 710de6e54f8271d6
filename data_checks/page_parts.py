"""What the pages of the checks share: their looks, and the frame around what they say."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

__all__ = ["anchor", "columns", "document", "mark", "moment"]

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1a1a1a;--soft:#555;--line:#d6d6d6;--wash:#f5f4f1;
--good:#0b6b4f;--look:#8a5200;--bad:#b3261e;--link:#0b57a4}
@media (prefers-color-scheme:dark){:root{--paper:#121212;--ink:#ececec;--soft:#b4b4b4;
--line:#3d3d3d;--wash:#1d1d1d;--good:#62cfa9;--look:#f2b659;--bad:#ff938a;--link:#8fc1ff}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,
"Segoe UI",Roboto,Helvetica,Arial,sans-serif;overflow-wrap:break-word}
header,main,footer{max-width:56rem;margin:0 auto;padding:0 1rem}
header{padding-top:2rem}
h1,h2,.lead{font-family:Georgia,"Times New Roman",serif;font-weight:700;line-height:1.2}
h1{font-size:clamp(1.6rem,1.2rem + 2vw,2.3rem);margin:.2rem 0 .6rem;text-wrap:balance}
h2{font-size:1.5rem;margin:0 0 .5rem}
h3{font-size:1rem;margin:1.6rem 0 .4rem}
a{color:var(--link)}
a:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
section.file{border-top:3px solid var(--ink);margin-top:2.5rem;padding-top:1rem}
.kicker{margin:0;color:var(--soft);font-size:.9rem}
.tag{display:inline-block;border:1px solid currentColor;border-radius:3px;padding:0 .4em;
font-weight:600;color:var(--look)}
.verdict{font-size:1.125rem;border-left:.35rem solid;padding:.1rem 0 .1rem .8rem;margin:.6rem 0}
.verdict b{font-weight:650}
.good{color:var(--good)}.look{color:var(--look)}.bad{color:var(--bad)}
.verdict>span{color:var(--ink)}
.mark{font-weight:700}
.note,.small{color:var(--soft);font-size:.875rem}
.small{display:block;margin-top:.15rem}
ol{padding-left:1.4rem;margin:.3rem 0}
ol li{margin:0 0 .9rem;padding-left:.2rem}
ol li p{margin:.15rem 0}
table{border-collapse:collapse;width:100%;table-layout:fixed;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.9rem 0 .3rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .6rem .5rem 0;
border-bottom:1px solid var(--line)}
thead th{font-size:.8125rem;color:var(--soft);font-weight:600;border-bottom-color:var(--soft)}
tbody th{font-weight:400}
th.n,td.n{text-align:right;padding-right:0;padding-left:.6rem}
.state{width:8.5rem}.verdict-word{margin-left:.8rem}.n{width:6.5rem}
details{margin:.8rem 0;border-top:1px solid var(--line)}
summary{cursor:pointer;padding:.6rem 0;font-weight:600}
code{font:.95em ui-monospace,Menlo,Consolas,monospace;background:var(--wash);padding:.05em .25em;
border-radius:3px;overflow-wrap:anywhere}
q{quotes:"“" "”";overflow-wrap:anywhere}
footer{margin-top:3rem;padding-bottom:2rem}
footer p{border-top:1px solid var(--line);padding-top:.8rem}
dl{margin:.3rem 0}dl div{display:grid;grid-template-columns:8rem 1fr;gap:0 .6rem}
dt{color:var(--soft);font-size:.875rem;padding-top:.1rem}dd{margin:0}
li:target,tr:target{background:var(--wash)}
.first li{margin-bottom:.4rem}
.trend{margin:1.4rem 0}.trend h3{margin:0 0 .2rem}
.trend p{margin:.1rem 0}
.spark{display:block;color:var(--link);max-width:100%}
@media (max-width:36rem){dl div{grid-template-columns:1fr}
table{font-size:.875rem}th,td{padding-right:.35rem}
.state{width:4.2rem;font-size:.8125rem}.state .mark{display:block;font-size:1rem}
.n{width:4.4rem}th.n,td.n{padding-left:.2rem}.small{font-size:.8125rem}
thead th{font-size:.75rem}.glance .n{width:4.2rem}.verdict-word{display:block;margin-left:0}}
@media print{details::details-content{content-visibility:visible;display:block}
details:not([open])>*{display:block}section.file{break-before:page}li,tr{break-inside:avoid}}
"""


def document(title: str, kicker: Iterable[str], *, fictional: bool, main: str, foot: str) -> str:
    """Return a page that needs nothing else; `main` and `foot` are HTML, the rest is text."""
    above = " · ".join(escape(part) for part in kicker if part)
    tag = ' <span class="tag">Fictional data</span>' if fictional else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header><p class="kicker">{above}{tag}</p>\n<h1>{escape(title)}</h1></header>\n'
        f'<main>\n{main}</main>\n<footer class="note"><p>{foot}</p></footer>\n</body>\n</html>\n'
    )


MARKS = {
    "passed": ("✓", "good"),
    "failed": ("✕", "bad"),
    "warning": ("!", "look"),
    "could not run": ("?", "bad"),
    "nothing to test": ("–", ""),
    "nothing to do": ("=", ""),
}


def mark(word: str) -> str:
    """Return an outcome with its mark; it can be told without colours."""
    sign, tone = MARKS[word]
    return (
        f'<span class="{tone}"><span class="mark" aria-hidden="true">{sign}</span> {word}</span>'
    )


def anchor(name: str, rule: str = "") -> str:
    """Return the address, on a page, of a table or of one of its rules."""
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
    return f"table-{safe}" + (f"-{rule}" if rule else "")


def columns(head: Iterable[tuple[str, str]]) -> str:
    """Return the head of a table; of each column its name and its class ("n": numbers)."""
    cells = (
        '<th scope="col"' + (f' class="{kind}">' if kind else ">") + f"{escape(name)}</th>"
        for name, kind in head
    )
    return f"<thead><tr>{''.join(cells)}</tr></thead>"


def moment(time: str) -> str:
    """Return a time of ISO 8601 in words, as HTML."""
    return escape(f"{time[:10]}, {time[11:16]} UTC")
