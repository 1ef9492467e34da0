"""The page of definitions says what the SQL and the contracts say, and says it now."""

from pathlib import Path

import pytest

from assets.marts.contracts import MARTS
from assets.marts.metrics import PAGE, header, page
from assets.marts.queries import query

REPOSITORY = Path(__file__).parents[3]


def test_the_page_is_the_one_that_the_sql_and_the_contracts_make():
    written = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    assert written == page(), "run .venv/bin/python -m assets.marts.metrics"


@pytest.mark.parametrize("name", MARTS)
def test_every_header_is_read_whole(name: str):
    told = header(query(name))
    assert list(told) == ["Grain", "Version", "Definition", "Source", "NULL"]
    words = [word for line in query(name).split("WITH")[0].splitlines() for word in line.split()]
    read = [word for field, text in told.items() for word in (field, *text.split())]
    assert [word for word in words if word != "--"] == [name, *read]


def test_a_header_says_each_field_in_one_line():
    lines = ["m", "", "Grain       one", "            row.", "Definition  it  is", "NULL   no"]
    sql = "\n".join([*(f"-- {line}" for line in lines), "WITH", ""])
    assert header(sql) == {"Grain": "one row.", "Definition": "it is", "NULL": "no"}
