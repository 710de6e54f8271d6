"""A measure and a chart for the scratch notebooks of these tests, and counts to use them on."""

from __future__ import annotations

import time

import altair as alt
import pandas as pd

from equity.counts import CountTable

SECRET = "secret-words-of-an-error"
SLOW = 3.0  # seconds
GROUPS = {"white": "White", "black": "Black", "hispanic": "Hispanic", "asian": "Asian"}


def counts() -> CountTable:
    """Return made-up counts of stops by group, district and year."""
    rows = []
    for d, district in enumerate(["North", "South", "EAST SIDE"]):
        for year in (2021, 2022):
            for g, group in enumerate(GROUPS):
                n = 400 - 70 * g + 30 * d
                hits = 0 if (group, district) == ("asian", "South") else n // (5 - (g + d) % 3)
                rows.append((group, district, year, n, hits, n - d))
    columns = ["race", "district", "year", "n", "searched", "searched_known"]
    about = {
        "agency": "Scratch Police Department",
        "fictional": True,
        "place": "Scratch, Ohio",
        "title": "Stops of drivers",
        "first_date": "2021-01-01",
        "last_date": "2022-12-31",
        "rows_in": 9000,
        "labels": {"race": GROUPS},
    }
    ledger = pd.DataFrame(
        {
            "step": ["start", "drop"],
            "because": ["all records", "no race"],
            "rows": [9000, 8800],
            "left_out": [0, 200],
        }
    )
    return CountTable(
        pd.DataFrame(rows, columns=columns),
        ("race", "district", "year"),
        ("searched",),
        ledger,
        about,
    )


def staff() -> CountTable:
    """Return a made-up staff of women and men, in one snapshot."""
    rows = pd.DataFrame(
        {"sex": ["female", "male", None], "year": [2025, 2025, 2025], "n": [45, 378, 2]}
    )
    about = counts().provenance | {
        "title": "Staff",
        "labels": {"sex": {"female": "Women", "male": "Men"}},
    }
    ledger = pd.DataFrame({"step": ["start"], "because": ["all"], "rows": [425], "left_out": [0]})
    return CountTable(rows, ("sex", "year"), (), ledger, about)


def candidates() -> CountTable:
    """Return made-up candidates by race, sex and year, and who of them was hired."""
    rows = [
        (race, sex, year, 200, 60 - 12 * r - 5 * s, 200)
        for r, race in enumerate(["white", "black", "hispanic"])
        for s, sex in enumerate(["male", "female"])
        for year in (2021, 2022)
    ]
    names = ["race", "sex", "year", "n", "hired", "hired_known"]
    labels = {"race": GROUPS, "sex": {"female": "Women", "male": "Men"}}
    about = counts().provenance | {"title": "Candidates", "labels": labels}
    ledger = pd.DataFrame({"step": ["start"], "because": ["all"], "rows": [2400], "left_out": [0]})
    return CountTable(
        pd.DataFrame(rows, columns=names), ("race", "sex", "year"), ("hired",), ledger, about
    )


def rates(counts, *, of, group, reference, trouble=None) -> pd.DataFrame:
    """Return a table shaped like that of a real measure, or the trouble that is asked for."""
    if trouble == "slow":
        time.sleep(SLOW)
    if trouble == "library":
        raise ValueError(SECRET)
    if trouble == "rule":
        counts.where(district="Nowhere")
    sums = counts.table.groupby(group)[["n", of, f"{of}_known"]].sum().reset_index()
    rate = sums[of] / sums[f"{of}_known"]
    base = rate[sums[group] == reference].iloc[0]
    none = sums[of] == 0
    return pd.DataFrame(
        {
            "stratum": "all",
            "group": sums[group],
            "reference": reference,
            "n": sums["n"],
            "x": sums[of],
            "rate": rate,
            "low": rate - 0.02,
            "high": rate + 0.02,
            "ratio": (rate / base).where(~none),
            "p_value": [0.0000004, 0.2, 0.0321, 1.0],
            "reason": none.map({True: "no events", False: None}),
        }
    )


def residents_rates(counts, residents, *, of, group, reference) -> pd.DataFrame:
    """Return the rates with the name of the benchmark, to see that it arrived."""
    table = rates(counts, of=of, group=group, reference=reference)
    return table.assign(benchmark=residents["place"].iloc[0])


def chart(table, *, labels=None) -> alt.LayerChart | alt.FacetChart:
    """Return a chart as `equity.charts` makes them."""
    frame = table.assign(words=table["group"].map(labels or {}).fillna(table["group"]))
    top = frame.loc[frame["rate"].idxmax()]
    title = alt.Title(
        f"{top['words']} drivers were searched most often, in {top['rate']:.0%} of stops",
        subtitle=[f"{frame['n'].sum():,} stops.", "Bars show 95% confidence intervals."],
    )
    y = alt.Y("words:N", title=None, sort=None)
    colour = alt.Color(
        "words:N",
        legend=None,
        scale=alt.Scale(range=["#0072B2", "#D55E00", "#009E73", "#AA4499"]),
    )
    base = alt.Chart(frame)
    bars = base.mark_rule(strokeWidth=2).encode(
        y=y,
        x=alt.X("low:Q", axis=alt.Axis(format="%", title="Share of stops")),
        x2="high:Q",
        color=colour,
    )
    dots = base.mark_circle(size=120, opacity=1).encode(y=y, x="rate:Q", color=colour)
    text = base.mark_text(dy=-14, fontWeight="bold").encode(
        y=y, x="rate:Q", text=alt.Text("rate:Q", format=".1%")
    )
    said = f"{len(frame)} groups. Finding: {title.text}."
    return alt.layer(bars, dots, text).properties(
        title=title, width="container", height=alt.Step(56), description=f"{title.text}. {said}"
    )
