"""What the privacy report claims of non-interference, and what it does not."""

import datetime as dt
from pathlib import Path

import pytest

from assets.privacy_record import Entry, entry
from assets.privacy_report import proof_of, render
from footfall_dagster.privacy.findings import Evidence, Finding
from footfall_dagster.privacy.pages import page_trouble
from footfall_dagster.privacy.record_store import RecordStore
from tests.unit.small_mall import DAY, site
from vision.site.models import Site
from vision.site.privacy import AgeGender, Privacy

NOW = dt.datetime(2026, 3, 12, 9, tzinfo=dt.UTC)
LOOKS = {
    "appearance in memory": {"appearance": "memory"},
    "appearance in the vault": {"appearance": "vault"},
    "age and gender": {"age_gender": AgeGender()},
}


def mall(**asked: object) -> Site:
    plain = site()
    privacy = plain.file.privacy.model_copy(update=asked)
    return plain.model_copy(update={"file": plain.file.model_copy(update={"privacy": privacy})})


@pytest.fixture
def records(tmp_path: Path) -> RecordStore:
    """Records of a site of which a day was proved once."""
    kept = RecordStore(tmp_path, "mall")
    kept.keep_proof(DAY, proof())
    return kept


def proof() -> Entry:
    return entry(Evidence("non_interference", "cam_a on a day", 1, 1, 1, 1.0), NOW)


def page(mall: Site, records: RecordStore, *checks: Entry) -> str:
    record = records.append(DAY, {"written_at": NOW, "version": "0.1", "checks": checks})
    html = render(mall.on(DAY), record, [record])
    # The store takes no other.
    assert page_trouble(html) is None
    return html


@pytest.mark.parametrize("asked", LOOKS.values(), ids=LOOKS)
def test_an_old_proof_is_not_claimed_of_a_site_that_looks_at_people(
    asked: dict[str, object], records: RecordStore
) -> None:
    assert proof_of(Privacy(), records) == proof()
    assert proof_of(mall(**asked).file.privacy, records) is None
    assert "is not claimed of it" in page(mall(**asked), records)


def test_a_check_of_another_day_is_told_with_its_date(records: RecordStore) -> None:
    assert "began at 08:59:59" in page(mall(), records, proof())
    older = {**proof(), "at": "2026-03-05T14:00:00Z"}
    assert "began at 2026-03-05 14:00" in page(mall(), records, older)


def test_a_page_says_where_nothing_was_proved_and_how_to(records: RecordStore) -> None:
    assert f"footfall privacy prove --day {DAY}" in page(mall(), records)
    proved = page(mall(), records, proof())
    assert "has not been proved yet" not in proved
    assert "is not claimed" not in proved


def test_a_page_tells_of_many_findings_as_of_few(records: RecordStore) -> None:
    """The more was found, the more the page is wanted."""
    places = [
        Finding(
            f"home/lake/{dataset}/site=other/date=2026-03-{day:02}/camera=cam_{camera:02}/{name}",
            place,
            kind,
            sure,
        )
        for dataset in ("gate_events", "zone_visits")
        for day in range(1, 6)
        for camera in range(20)
        for name, place, kind, sure in (
            ("part.parquet", "file", "not on the list", 1.0),
            ("<71 characters>", f"row group 2, column {camera}", "vector", 0.875),
        )
    ]
    found = [
        entry(Evidence(check, "everything", 9, 9, 9, 1.25, tuple(places), tuple(places)), NOW)
        for check in ("search", "closed_list", "retention", "objections")
    ]
    told = page(mall(), records, *found)
    assert "confidence 88 %" in told
    assert told.count("not on the list") > 100
