"""Published marts as files of other formats: Parquet, CSV, an Excel workbook.

Belongs here: which rows are taken, how each format has them, where the files go. Does not belong
here: what may be published (`assets.marts.release`), or options and what is printed
(`footfall_dagster.cli.export`).
"""


class ExportError(RuntimeError):
    """Nothing was written; the message says why, and what to do."""
