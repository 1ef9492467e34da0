"""A notice in force: issued, compared with what is configured, and found where it was edited."""

import datetime as dt
import json
import shutil
from pathlib import Path
from unittest.mock import Mock

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from assets.notice.documents import DOCUMENTS
from assets.plan import SitePlan
from footfall_dagster.cli import main
from footfall_dagster.notice import FOLDER, STATEMENT, SiteNotice
from footfall_dagster.privacy.text import trouble as withheld
from tests.notices import CHANGES, ISSUED, UNSTATED_CHANGES, Edit, issue_notice, write_site

CONTEXT = Mock(spec=dg.AssetExecutionContext, partition_key="2026-03-14")
"""A step's; one with an instance of Dagster's would take a second a test."""
ARCADE = Path(__file__).resolve().parents[3] / "examples" / "arcade"


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site whose notice says what is configured; to be copied."""
    folder = write_site(tmp_path_factory.mktemp("issued") / "mall")
    issue_notice(folder)
    return folder


@pytest.fixture(scope="module")
def before(issued: Path) -> dict[str, str]:
    """Its documents."""
    return SiteNotice.of(issued).draft(ISSUED)


@pytest.fixture
def site(issued: Path, tmp_path: Path) -> Path:
    """The same, in a folder of the test's own."""
    return Path(shutil.copytree(issued, tmp_path / "mall"))


def footfall(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["notice", *map(str, arguments)], env={"COLUMNS": "200"})


def failure_of_a_run(folder: Path) -> str:
    """What a step says that begins now."""
    return failure_under(SiteNotice.of(folder))


def failure_under(notice: SiteNotice) -> str:
    plan = SitePlan(notice.site, notice)
    with pytest.raises(dg.Failure) as failed:
        plan.day(CONTEXT)
    assert failed.value.allow_retries is False
    return str(failed.value.description)


def test_the_notice_of_the_example_says_what_is_configured() -> None:
    notice = SiteNotice.of(ARCADE)
    assert notice.changes() == []
    on = notice.in_force().on
    assert notice.is_as_drafted(on), "`footfall notice issue examples/arcade` writes other words"


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.field)
def test_each_field_of_the_notice_changed_in_the_site_alone_fails_the_run(
    change: Edit, site: Path, before: dict[str, str]
) -> None:
    change.apply(site)
    notice = SiteNotice.of(site)
    told = failure_under(notice)
    if change.field != "id":
        # A notice of another id is another site's, whatever else it says.
        assert f"{change.file}, " in told
        assert (change.told or change.field) in told
    assert f"footfall notice issue {site}" in told
    after = notice.draft(ISSUED)
    assert any(before[name] != after[name] for name in DOCUMENTS), "no document tells of it"


@pytest.mark.parametrize("change", UNSTATED_CHANGES, ids=lambda change: change.field)
def test_what_the_notice_does_not_state_may_be_changed_and_no_document_tells_of_it(
    change: Edit, site: Path, before: dict[str, str]
) -> None:
    change.apply(site)
    notice = SiteNotice.of(site)
    assert notice.trouble() is None
    assert notice.draft(ISSUED) == before


def test_a_run_goes_on_where_the_notice_says_what_is_configured(site: Path) -> None:
    notice = SiteNotice.of(site)
    assert SitePlan(notice.site, notice).day(CONTEXT).day == dt.date(2026, 3, 14)


def test_taking_the_change_back_or_renewing_lets_runs_go_on(site: Path) -> None:
    text = (site / "site.yaml").read_text()
    (site / "site.yaml").write_text(text.replace("  k: 10\n", "  k: 20\n"))
    assert SiteNotice.of(site).trouble()
    (site / "site.yaml").write_text(text)
    assert SiteNotice.of(site).trouble() is None
    (site / "site.yaml").write_text(text.replace("  k: 10\n", "  k: 20\n"))
    issue_notice(site)
    assert SiteNotice.of(site).trouble() is None


def test_the_failure_can_be_kept_in_the_event_log_as_it_is(site: Path) -> None:
    for change in CHANGES:
        if change.field.startswith(("privacy", "notice", "zones[].polygon")):
            change.apply(site)
    told = failure_of_a_run(site)
    assert "more fields" in told
    assert withheld(told.replace(str(site), "sites/mall")) is None, told


@pytest.mark.parametrize("name", [*DOCUMENTS, STATEMENT])
def test_a_notice_edited_by_hand_fails_the_run_and_is_named(name: str, site: Path) -> None:
    path = site / FOLDER / name
    path.write_text(path.read_text().replace("mall", "hall", 1))
    told = failure_of_a_run(site)
    assert f"{name} is changed" in told
    assert "edited after it was issued" in told
    assert f"footfall notice issue {site}" in told


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_a_document_that_is_gone_fails_the_run(name: str, site: Path) -> None:
    (site / FOLDER / name).unlink()
    assert f"{name} is gone" in failure_of_a_run(site)


def test_a_number_in_the_statement_cannot_be_made_to_fit(site: Path) -> None:
    (site / "site.yaml").write_text(
        (site / "site.yaml").read_text().replace("  k: 10\n", "  k: 20\n")
    )
    path = site / FOLDER / STATEMENT
    path.write_text(path.read_text().replace('"privacy.k": 10', '"privacy.k": 20'))
    assert f"{STATEMENT} is changed" in failure_of_a_run(site)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe\x00", b'{"seal": "x"}', b"[" * 100_000, b"null"],
    ids=["empty", "half", "a list", "no text", "no statement", "deep", "null"],
)
def test_a_statement_that_is_none_fails_the_run_with_words(content: bytes, site: Path) -> None:
    (site / FOLDER / STATEMENT).write_bytes(content)
    assert f"{STATEMENT} is changed" in failure_of_a_run(site)


def test_a_site_without_a_notice_runs_and_is_told_so(tmp_path: Path) -> None:
    folder = write_site(tmp_path / "mall")
    notice = SiteNotice.of(folder)
    assert notice.trouble() is None
    told = notice.absence()
    assert told is not None
    assert "there is no public notice" in told
    assert f"footfall notice issue {folder}" in told
    checked = footfall("check", folder)
    assert checked.exit_code == 1
    assert "there is no public notice" in checked.output


def test_an_emptied_folder_is_a_notice_that_was_edited(site: Path) -> None:
    for path in (site / FOLDER).iterdir():
        path.unlink()
    assert SiteNotice.of(site).absence() is None
    assert f"has no {STATEMENT}" in failure_of_a_run(site)


def test_the_notice_of_another_site_is_none_of_this_one(site: Path) -> None:
    text = (site / "site.yaml").read_text()
    (site / "site.yaml").write_text(text.replace("id: mall", "id: centre"))
    assert "of another site, mall" in failure_of_a_run(site)


def test_a_notice_that_was_half_written_is_found_and_can_be_issued_again(site: Path) -> None:
    kept = {path.name: path.read_bytes() for path in (site / FOLDER).iterdir()}
    edit = next(one for one in CHANGES if one.field == "name")
    edit.apply(site)
    issue_notice(site)
    # As if it had been stopped before the statement was written.
    (site / FOLDER / STATEMENT).write_bytes(kept[STATEMENT])
    assert "edited after it was issued" in failure_of_a_run(site)
    issue_notice(site)
    assert SiteNotice.of(site).trouble() is None


def test_issuing_writes_what_says_how_to_use_it_and_twice_writes_once(tmp_path: Path) -> None:
    folder = write_site(tmp_path / "mall")
    first = footfall("issue", folder)
    assert first.exit_code == 0, first.output
    assert {path.name for path in (folder / FOLDER).iterdir()} == {*DOCUMENTS, STATEMENT}
    assert "put up the sign" in first.output
    second = footfall("issue", folder)
    assert "nothing was written" in second.output
    assert footfall("check", folder).exit_code == 0


def test_issuing_says_what_the_law_asks_for_and_nobody_has_said(site: Path) -> None:
    text = (site / "site.yaml").read_text()
    (site / "site.yaml").write_text(text.replace("  legal_basis: legitimate interests\n", ""))
    told = footfall("issue", site).output
    assert "notice.legal_basis: on what legal basis" in told
    assert "notice.authority" not in told


def test_a_draft_shows_the_difference_and_puts_nothing_in_force(site: Path, tmp_path: Path) -> None:
    text = (site / "site.yaml").read_text()
    (site / "site.yaml").write_text(text.replace("  k: 10\n", "  k: 20\n"))
    kept = {path.name: path.read_bytes() for path in (site / FOLDER).iterdir()}
    told = footfall("draft", site, "--out", tmp_path / "drafts")
    assert told.exit_code == 0, told.output
    assert "privacy.k: the notice says 10, now it is 20" in told.output
    assert {path.name for path in (tmp_path / "drafts").iterdir()} == set(DOCUMENTS)
    assert {path.name: path.read_bytes() for path in (site / FOLDER).iterdir()} == kept
    checked = footfall("check", site)
    assert checked.exit_code == 1
    assert "privacy.k" in checked.output


@pytest.mark.parametrize("command", ["draft", "issue", "check"])
def test_a_wrong_site_is_told_without_a_stack(command: str, tmp_path: Path) -> None:
    told = footfall(command, tmp_path / "nowhere")
    assert told.exit_code == 1
    assert "give the folder that holds site.yaml" in told.output


def test_a_place_that_cannot_be_written_is_told_without_a_stack(tmp_path: Path) -> None:
    folder = write_site(tmp_path / "mall")
    (folder / FOLDER).write_text("a file where the folder should be")
    told = footfall("issue", folder)
    assert told.exit_code == 1
    assert "cannot write" in told.output


def test_the_statement_can_be_read_by_programs(site: Path) -> None:
    told = json.loads((site / FOLDER / STATEMENT).read_text())
    assert told["issued"] == ISSUED.isoformat()
    assert told["states"]["site.yaml"]["privacy.k"] == 10
    assert told["states"]["asset graph"]["gate_events"] == "gate, at, direction, basis"
