"""Marts as an Excel workbook: a sheet a mart, behind one that says what they are.

Belongs here: sheets, cells and their formats. Does not belong here: what is said on the first sheet
(`footfall_dagster.published_files.about`), or which rows there are (`...published_files.chosen`).

Rows go to disk one by one, so that a million of them need no more memory than one. Every cell is
written as the type that its column has: nothing is guessed, and no text becomes a formula.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.marts.release import NOTE
from assets.marts.schema import MartColumn
from footfall_dagster.published_files import ExportError
from footfall_dagster.published_files.about import EMPTY, About, definition, unit
from footfall_dagster.published_files.chosen import Begin, Chosen, Write
from vision.contract_terms import INSTANT

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_575
"""Rows that Excel has below a header."""
_LONGEST_NAME = 31
"""Signs in the name of a sheet."""
_TIMES = (
    "Excel knows no time zones. Cells that end in UTC are in UTC; local_start is the same moment "
    "on the site's clocks, {}."
)
_FORMATS = {
    "heading": {"bold": True, "bottom": 1, "valign": "top"},
    "title": {"bold": True, "font_size": 14},
    "text": {"text_wrap": True, "valign": "top"},
    "date": {"num_format": "yyyy-mm-dd"},
    "local": {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "utc": {"num_format": 'yyyy-mm-dd hh:mm:ss "UTC"'},
}


def refuse_long(chosen: Sequence[Chosen]) -> None:
    """Raise `ExportError` where a mart has more rows than a sheet."""
    for one in chosen:
        if one.rows > MOST_ROWS:
            raise ExportError(
                f"{one.mart.name} has {one.rows:,} rows, and a sheet of Excel holds "
                f"{MOST_ROWS:,}: choose fewer days (--from, --until), or parquet and "
                "csv without xlsx (--format)"
            )


@contextmanager
def workbook(path: Path, about: About, chosen: Sequence[Chosen]) -> Iterator[Begin]:
    """A workbook that is being written; gives what begins the sheet of a mart.

    Sheets are written in the order of `chosen`, each to its end before the next.

    Args:
        path: Of the file; pieces of it are written beside it until it is whole.
        about: For the first sheet.
        chosen: The marts that get a sheet.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "use_zip64": True,
        "nan_inf_to_errors": True,
    }
    book = xlsxwriter.Workbook(str(path), options)
    # Equal figures then give equal files.
    book.set_properties({"title": f"Footfall of {about.name}", "created": about.published_at})
    formats = {name: book.add_format(how) for name, how in _FORMATS.items()}
    names = {one.mart.name: _sheet_name(n, one.mart.name) for n, one in enumerate(chosen)}
    _write_about(book, formats, about, chosen, names)

    def sheet(one: Chosen) -> AbstractContextManager[Write]:
        return nullcontext(_begin(book.add_worksheet(names[one.mart.name]), formats, one))

    yield sheet
    try:
        book.close()
    except FileCreateError as failed:
        raise failed.args[0] from None


def _sheet_name(number: int, mart: str) -> str:
    if len(mart) <= _LONGEST_NAME:
        return mart
    told_apart = f"_{number}"
    return mart[: _LONGEST_NAME - len(told_apart)] + told_apart


def _begin(sheet: "Worksheet", formats: Mapping[str, "Format"], chosen: Chosen) -> Write:
    columns = chosen.mart.columns
    for number, column in enumerate(columns):
        sheet.write_string(0, number, column.name, formats["heading"])
        # Room for the button of the filter; times are longer than most names.
        sheet.set_column(number, number, max(len(column.name) + 4, 24 if _is_time(column) else 12))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, chosen.rows, len(columns) - 1)
    puts = [_put(sheet, formats, column) for column in columns]
    instants = [column.name for column in columns if column.dtype == INSTANT]
    written = 0

    def write(rows: pl.DataFrame) -> None:
        nonlocal written
        for row in rows.with_columns(pl.col(instants).dt.replace_time_zone(None)).iter_rows():
            written += 1
            for number, value in enumerate(row):
                if value is not None:
                    puts[number](written, number, value)

    return write


def _is_time(column: MartColumn) -> bool:
    return column.dtype.base_type() is pl.Datetime


def _put(
    sheet: "Worksheet", formats: Mapping[str, "Format"], column: MartColumn
) -> Callable[[int, int, Any], Any]:
    """What writes a value of a column into a cell."""
    if column.dtype == INSTANT:
        return partial(sheet.write_datetime, cell_format=formats["utc"])
    if _is_time(column):
        return partial(sheet.write_datetime, cell_format=formats["local"])
    if column.dtype == pl.Date():
        return partial(sheet.write_datetime, cell_format=formats["date"])
    if column.dtype == pl.Boolean():
        return partial(sheet.write_boolean)
    if column.dtype.is_numeric():
        return partial(sheet.write_number)
    return partial(sheet.write_string)


def _write_about(
    book: "xlsxwriter.Workbook",
    formats: Mapping[str, "Format"],
    about: About,
    chosen: Sequence[Chosen],
    names: Mapping[str, str],
) -> None:
    """The first sheet: of what, from when, under which release, and what every column means."""
    sheet = book.add_worksheet("about")
    for number, width in enumerate((24, 24, 12, 60, 60, 60)):
        sheet.set_column(number, number, width)
    lines: list[tuple[Sequence[str | int], str]] = [
        ((f"Footfall of {about.name}",), "title"),
        ((), "text"),
        (("site", about.site), ""),
        (("trading days", _span(chosen)), ""),
        (("release", NOTE), ""),
        (("published", f"{about.published_at:%Y-%m-%d %H:%M:%S} UTC"), ""),
        (("times", _TIMES.format(about.time_zone)), ""),
        (("empty cells", EMPTY), ""),
        ((), "text"),
        (("sheet", "rows", "", "one row is", "definition", "empty where"), "heading"),
        *((_mart_line(one, names), "text") for one in chosen),
        ((), "text"),
        (("sheet", "column", "unit", "meaning"), "heading"),
        *(
            ((names[one.mart.name], column.name, unit(column), column.description), "text")
            for one in chosen
            for column in one.mart.columns
        ),
    ]
    for row, (cells, form) in enumerate(lines):
        for number, cell in enumerate(cells):
            if cell == "":
                continue
            put = sheet.write_number if isinstance(cell, int) else sheet.write_string
            put(row, number, cell, formats[form] if form else None)


def _mart_line(one: Chosen, names: Mapping[str, str]) -> Sequence[str | int]:
    told = definition(one.mart)
    texts = (told["grain"], told["definition"], told["null"])
    return (names[one.mart.name], one.rows, "", *texts)


def _span(chosen: Sequence[Chosen]) -> str:
    days = sorted(set[dt.date]().union(*(one.days for one in chosen)))
    return f"{days[0]} to {days[-1]}, {len(days)} with figures" if days else "none"
