"""May this file be used? The checks that every table passes before a row of it is counted.

`check` runs the suite of one table and sets apart the rows that break a rule. `Report` says what
was found; `write_workbook` puts the rows set aside into a workbook, `write_page` the reports of
all tables on one page, `verdict` and `first` into two sentences, `record` among earlier loads.
This package is the only code that knows Great Expectations, and imports it only while a check
runs.
"""

from data_checks.extract import write_workbook
from data_checks.loads import record, suite_version
from data_checks.page import write_page
from data_checks.report import Report, RuleResult
from data_checks.run import check
from data_checks.verdict import first, verdict

__all__ = [
    "Report",
    "RuleResult",
    "check",
    "first",
    "record",
    "suite_version",
    "verdict",
    "write_page",
    "write_workbook",
]
