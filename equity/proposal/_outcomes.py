"""What the words of an outcome say: how it ended for somebody, and at which stage."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["STAGES", "Ending", "ending_of"]

STAGES: dict[str, tuple[str, str]] = {
    "screened": (
        "Met the minimum requirements",
        r"minimum|\bmin\.? ?qual|\bmqs?\b|screen|incomplete|application (?:rejected|review)"
        r"|not (?:qualified|eligible)|unqualified|ineligible|resume",
    ),
    "written": ("Passed the written exam", r"written|\bexam|\btest\b|\bscore"),
    "physical": (
        "Passed the physical test",
        r"physical|\bc?pat\b|\bpft\b|\bpaa?t\b|agility|fitness",
    ),
    "oral": ("Passed the interview", r"\boral|interview|panel|\bboard\b"),
    "polygraph": ("Passed the polygraph", r"polygraph|\bcvsa\b"),
    "background": (
        "Passed the background check",
        r"background|\bbi\b|\bbkgd?\b|drug|integrity|criminal|credit|driving record",
    ),
    "medical": ("Passed medical and psychological", r"medical|psych|\bhealth"),
    "hired": ("Hired", r"offer|\bhire|appoint|\bselect|academy|start(?:ed)? work|promot"),
}
"""Stage -> its label, and the words that speak of it, in the order in which offices have them."""
_LOOK_FIRST = ("physical", "polygraph", "medical", "background", "oral", "written", "screened")
_WITHDREW = re.compile(
    r"withdr|no[ -]?shows?\b|declin|did not (?:appear|show|attend|respond|report|schedule|take)"
    r"|failed to (?:appear|show|attend|respond|report|schedule)|not interested|no response"
    r"|unable to (?:contact|reach)|resigned|candidate removed self",
)
_PENDING = re.compile(
    r"pending|in (?:process|progress|review|background)|scheduled|awaiting|under review|on hold"
    r"|to be (?:tested|scheduled|interviewed)|\bactive\b|\bopen\b",
)
_FAILED = re.compile(
    r"\bfail|\bdq\b|disqual|\bnot\b|reject|unsuccess|unqualified|ineligible|incomplete"
    r"|non[- ]select|removed|denied|did not|\bbelow\b|eliminated",
)
_PASSED = re.compile(
    r"\bhired?\b|appointed|\bselected|offer accepted|accepted offer|promoted|passed all|academy"
)


@dataclass(frozen=True)
class Ending:
    """How it ended: passed, failed, withdrew or pending; "" for what the words do not say."""

    how: str = ""
    stage: str = ""

    @property
    def whole(self) -> bool:
        """Return whether the words say both how and where it ended."""
        return self.how == "passed" or bool(self.how and self.stage)


def ending_of(label: str) -> Ending:
    """Return what a word says: "Failed written exam" is failed, at the stage written."""
    low = " ".join(label.casefold().split())
    stage = next((s for s in _LOOK_FIRST if re.search(STAGES[s][1], low)), "")
    if not stage and re.search(STAGES["hired"][1], low):
        stage = "hired"
    for how, words in (("withdrew", _WITHDREW), ("pending", _PENDING), ("failed", _FAILED)):
        if words.search(low):
            return Ending(how, stage)
    return Ending("passed") if _PASSED.search(low) else Ending("", stage)
