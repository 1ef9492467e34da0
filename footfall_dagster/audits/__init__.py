"""Counts by eye: what is asked of an auditor, and what becomes of the answers.

Belongs here: the sheet, the minutes that can be counted, the comparison with gates. Does not belong
here: what is printed (`footfall_dagster.cli.audit`), how exactness is estimated (sql/), which
minutes are drawn (`vision.site.audit_sample`).
"""


class AuditError(ValueError):
    """Counts cannot be asked for or taken; the message says why, and what to do."""
