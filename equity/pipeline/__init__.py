"""From an agency's files to checked rows and count files: what `equity check` and `count` do.

Row-level data stays in the agency's ``private`` folder; ``counts`` and ``checks`` hold none.
"""

from equity.pipeline.checking import check_agency
from equity.pipeline.counting import PLAN, Step, count_agency, is_current, unchecked

__all__ = ["PLAN", "Step", "check_agency", "count_agency", "is_current", "unchecked"]
