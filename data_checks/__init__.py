"""May this file be used? The checks that every table passes before a row of it is counted.

`check` runs the suite of one table and sets apart the rows that break a rule. `Report` says what
was found, `write_page` puts the reports of all tables on one page. This package is the only code
that knows Great Expectations, and imports it only while a check runs.
"""

from data_checks.page import write_page
from data_checks.report import Report, RuleResult
from data_checks.run import check

__all__ = ["Report", "RuleResult", "check", "write_page"]
