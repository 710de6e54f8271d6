"""What a projection says beside its figures: why a target is not reached, what a rate rests on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["FEW", "few", "method", "moves", "never", "percent"]

FEW = 30
"""So many hires, or people who could leave, tell a share only roughly."""


def never(
    share: np.ndarray,
    target: float,
    at: int | None,
    level: float | None,
    years: int,
    first: int,
) -> list[str]:
    """Say why the target is not reached, or not kept."""
    settles = "" if level is None else f"the share levels off at {percent(level)}"
    if at is None:
        if level is not None and np.isclose(level, target):
            return [f"the target is approached and not reached: {settles}"]
        if level is None or level > target:
            later = f": {settles}, so later" if settles else ""
            return [f"the target is not reached within {years} years{later}"]
        return [f"the target is not reached: with this hiring share {settles}"]
    below = [i for i in range(at, len(share)) if share[i] < target - 1e-12]
    if below:
        when = f"in {first + below[0]}" if first else f"after {below[0]} years"
        return [f"the share is below the target again {when}; {settles}".rstrip("; ")]
    return []


def few(behind: Mapping[str, int | None]) -> list[str]:
    """Say which counted rates rest on too few people to tell them closely."""
    out = []
    for key, what in (
        ("hired_n", "the share among hires rests on {} hires")
        if not behind["moved_n"]
        else ("hired_n", "the share among those who enter rests on {} people"),
        ("left_focal_n", "the exit rate of this group rests on {} people"),
        ("left_others_n", "the exit rate of the others rests on {} people"),
    ):
        number = behind[key]
        if number is not None and number < FEW:
            out.append(f"{what.format(number)}: too few people to tell it closely")
    return out


def moves(behind: Mapping[str, int | None], moved_out: int) -> list[str]:
    """Say how many of those who entered came from other posts, and who went there."""
    out, moved = [], behind["moved_n"]
    if moved:
        out.append(
            f"{moved:,} of the {behind['hired_n']:,} who entered came from other posts (or had "
            "their group recorded anew)"
        )
    if moved_out and (behind["left_focal_n"] is not None or behind["left_others_n"] is not None):
        out.append(
            f"{moved_out:,} who moved to other posts (or had their group recorded anew) "
            f"{'counts' if moved_out == 1 else 'count'} as left"
        )
    return out


def method(
    behind: Mapping[str, int | None], hires: float | None, growth: float, draws: int, aim: str
) -> str:
    counted = "as counted, joined and left"
    share = "given" if behind["hired_n"] is None else counted
    if behind["moved_n"]:
        share += f", with {behind['moved_n']:,} who came from other posts"
    known = [behind["left_focal_n"] is not None, behind["left_others_n"] is not None]
    exits = "given" if not any(known) else counted if all(known) else "partly given"
    posts = "fixed number" if hires is not None else "as many as leave"
    if growth:
        posts += f" and {growth:+g} posts a year"
    text = f"expected numbers, fixed rates; share among hires: {share}; exit rates: {exits}"
    text += f"; hires: {posts}"
    if draws:
        people = "people drawn (binomial)"
        rates = "rates drawn (beta, Jeffreys) and " if any([*known, share != "given"]) else ""
        text += f"; band: {draws:,} futures, {rates}{people}"
    return text + (f"; {aim}" if aim else "")


def percent(value: float) -> str:
    return f"{100 * value:.1f}%"
