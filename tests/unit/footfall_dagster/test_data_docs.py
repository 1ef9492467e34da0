"""Data Docs: readable offline, escaped, counts by rule, and no value of any row."""

import datetime as dt
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from footfall_dagster.checks import mart_drift
from footfall_dagster.checks.data_docs import render
from footfall_dagster.checks.mart_rules import Rule, equal_totals, rules
from footfall_dagster.checks.mart_totals import MEASURES, totals
from footfall_dagster.checks.validation import Validation, validation
from footfall_dagster.privacy.pages import page_trouble
from footfall_dagster.report_store import FolderReportStore
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS

SITE_DAY = small_mall.site_day()
TABLES = small_mall.relations(
    SITE_DAY,
    {"cam_a": small_mall.coverage(SITE_DAY, (NOON, NOON + dt.timedelta(hours=1)))},
    {
        GATE_EVENTS.name: {"cam_a": small_mall.crossings(*[("door", NOON, "in")] * 12)},
        ZONE_VISITS.name: {"cam_a": small_mall.stays(("shop", NOON, 60))},
        ANONYMISED_TRAJECTORIES.name: {"cam_a": small_mall.walks((NOON, [(1.125, 1.125)]))},
    },
)
HOSTILE = "<script>alert(1)</script><img src='https://evil.example/x.png'>${column}"


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pl.DataFrame]:
    """Rows of every mart as the SQL computes them."""
    warehouse = DuckDBWarehouse.below(tmp_path_factory.mktemp("warehouse"))
    warehouse.replace_day("mall", DAY, TABLES, tuple(MARTS.values()), lambda _line: None)
    return {name: warehouse.read_day(mart, "mall", DAY) for name, mart in MARTS.items()}


def suites(rows_of: dict[str, pl.DataFrame]) -> list[Validation]:
    """What the checks of a site-day run."""
    found = []
    for name, mart in MARTS.items():
        rows = rows_of[name]
        found.append(validation(name, rows, rules(mart, SITE_DAY, TABLES), mart.description))
        if name in MEASURES:
            summary, equal = totals(mart, rows, TABLES), equal_totals(MEASURES[name])
            found.append(validation(f"{name} totals", summary, equal, "Totals."))
        if name in mart_drift.MEASURES:
            scored = mart_drift.summary(mart, rows, SITE_DAY)
            found.append(validation(f"{name} drift", scored, mart_drift.rules(mart), "Drift."))
    return found


class Parts(HTMLParser):
    """Elements, attributes and cells of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._in_cell = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_cell:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def page(right: dict[str, pl.DataFrame]) -> str:
    return render(SITE_DAY, suites(right))


def test_every_suite_of_the_day_is_on_the_page_with_every_rule(
    page: str, right: dict[str, pl.DataFrame]
):
    parts = Parts(page)
    for found in suites(right):
        assert ("id", found.suite.replace(" ", "-")) in parts.attributes
        for outcome in found.outcomes:
            assert outcome.rule in parts.text
    assert re.search(r"All \d+ rules hold", parts.text)
    # In Great Expectations' words, and in the contract's.
    assert "entries values must be greater than or equal to 0.0" in parts.text
    assert "If observed_minutes == 0, then entries values must be null." in parts.text
    assert "Crossings inwards; NULL where the camera observed nothing" in parts.text
    assert "Totals." in parts.text


def test_the_page_asks_no_host_for_anything(page: str):
    assert re.findall(r"(?:[a-z]+:)?//", page) == []
    parts = Parts(page)
    assert parts.elements.isdisjoint({"script", "img", "iframe", "object", "embed", "form"})
    asked = {value for name, value in parts.attributes if name in {"href", "src", "srcset"}}
    assert {one for one in asked if not one.startswith("#")} == {"data:,"}
    assert "url(" not in page
    assert "@import" not in page


def test_the_wall_lets_the_page_through_and_equal_outcomes_give_equal_bytes(
    page: str, right: dict[str, pl.DataFrame], tmp_path: Path
):
    assert page_trouble(page) is None
    store = FolderReportStore(tmp_path, "mall")
    first = Path(store.write(DAY, page))
    store.write(DAY, render(SITE_DAY, suites(right)))
    assert first.read_text() == page
    assert store.written(first)
    assert len(list(first.parent.iterdir())) == 2


def wrong_gate(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        gate=pl.when(pl.int_range(pl.len()) < 3)
        .then(pl.lit("zz_secret_zz"))
        .otherwise(pl.col("gate"))
    )


def hostile_gate(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(gate=pl.lit(HOSTILE))


def odd_count(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(entries=pl.when(pl.col("entries") > 0).then(-987_654_321))


@pytest.mark.parametrize(
    ("change", "secret"),
    [
        pytest.param(wrong_gate, "zz_secret_zz", id="a name"),
        pytest.param(hostile_gate, "alert(1)", id="a name with a script in it"),
        pytest.param(odd_count, "987", id="a figure"),
    ],
)
def test_no_value_of_a_row_is_on_the_page(
    change: Callable[[pl.DataFrame], pl.DataFrame], secret: str, right: dict[str, pl.DataFrame]
):
    wrong = change(right[GATE_COUNTS_15MIN.name])
    found = validation("gate_counts_15min", wrong, rules(GATE_COUNTS_15MIN, SITE_DAY, TABLES))
    assert not found.passed
    page = render(SITE_DAY, [found])
    assert secret not in page
    assert page_trouble(page) is None


def test_what_fails_stands_first_with_its_rows_counted(right: dict[str, pl.DataFrame]):
    wrong = wrong_gate(right[GATE_COUNTS_15MIN.name])
    found = validation("gate_counts_15min", wrong, rules(GATE_COUNTS_15MIN, SITE_DAY, TABLES))
    parts = Parts(render(SITE_DAY, [found]))
    assert parts.rows[1] == [
        "gate_counts_15min",
        "gate is one that the site file declares",
        "192",
        "3",
        "1.6 %",
    ]
    assert f"1 of {len(found.outcomes)} rules broken" in parts.text
    assert ("open", "") in parts.attributes


def test_a_rule_that_cannot_be_run_says_so_without_the_words_of_the_exception():
    rule = Rule("no such column", "ExpectColumnValuesToNotBeNull", {"column": "nope"})
    found = validation("odd", pl.DataFrame({"secret_name": [1]}), [rule])
    page = render(SITE_DAY, [found])
    assert "the rule could not be run on this table" in page
    assert "Traceback" not in page
    assert "secret_name" not in page


def test_hostile_text_is_text():
    rule = Rule(
        HOSTILE,
        "ExpectColumnValuesToBeInSet",
        {"column": "gate", "value_set": [HOSTILE]},
        notes=HOSTILE,
    )
    found = validation(HOSTILE, pl.DataFrame({"gate": ["a"]}), [rule], HOSTILE)
    named = SITE_DAY.model_copy(
        update={
            "site": SITE_DAY.site.model_copy(
                update={"file": SITE_DAY.site.file.model_copy(update={"name": HOSTILE})}
            )
        }
    )
    page = render(named, [found])
    parts = Parts(page)
    assert "script" not in parts.elements
    assert "img" not in parts.elements
    assert parts.text.count("<script>alert(1)</script>") >= 5
    # What stands in a value is no parameter of the sentence around it.
    assert "gate values must belong to this set: <script>alert(1)</script>" in parts.text
    assert "${column}" in parts.text
