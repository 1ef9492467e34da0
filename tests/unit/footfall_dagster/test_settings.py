from pathlib import Path

import pytest
from pydantic import ValidationError

from footfall_dagster import settings
from footfall_dagster.settings import Settings


def test_eight_bits_without_what_they_need_are_refused_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda name: None)
    monkeypatch.setenv("FOOTFALL_INT8", "true")
    with pytest.raises(ValidationError, match=r"pip install 'footfall-dagster\[int8\]'"):
        Settings()
    monkeypatch.setenv("FOOTFALL_INT8", "false")
    assert not Settings().int8


CATALOG = "postgresql://footfall@db/footfall"


def test_a_store_is_the_home_unless_it_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = Settings(home=tmp_path)
    assert ours.lake == tmp_path / "lake"
    # As a proof has it, which must not touch what it proves.
    other = ours.model_copy(update={"home": tmp_path / "proof"})
    assert (other.lake, other.warehouse) == (
        tmp_path / "proof" / "lake",
        tmp_path / "proof" / "warehouse",
    )
    assert not ours.is_apart
    monkeypatch.setenv("FOOTFALL_STORE", "s3://footfall/centre")
    monkeypatch.setenv("FOOTFALL_CATALOG", CATALOG)
    moved = Settings(home=tmp_path)
    assert str(moved.lake) == "s3://footfall/centre/lake"
    assert str(moved.public_reports) == "s3://footfall/centre/public_reports"
    assert moved.vault == tmp_path / "vault"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"store": "s3://footfall"}, "a bucket keeps no two writers apart: set FOOTFALL_CATALOG"),
        ({"store": "gs://footfall"}, "give a folder, or a bucket as s3://bucket/prefix"),
        ({"store": "s3://key:hush@footfall", "catalog": CATALOG}, "leave keys out of the URL"),
        ({"catalog": "mysql://db/footfall"}, "such as postgresql://user@host/database"),
        ({"catalog": "postgresql://db"}, "such as postgresql://user@host/database"),
        ({"catalog": "postgresql://footfall:hush@db/footfall"}, "leave the password out"),
        ({"catalog": f"{CATALOG}?password=hush"}, "leave the password out"),
    ],
    ids=["no locks", "another store", "keys", "another engine", "no database", "password", "query"],
)
def test_a_wrong_place_is_told_with_a_remedy_and_without_its_secret(
    told: dict[str, str], why: str
) -> None:
    with pytest.raises(ValidationError) as wrong:
        Settings(**told)
    assert why in str(wrong.value)
    assert "hush" not in str(wrong.value)


def test_the_client_of_the_catalog_is_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda name: None)
    with pytest.raises(ValidationError, match=r"pip install 'footfall-dagster\[grown\]'"):
        Settings(catalog=CATALOG)


def test_the_address_of_the_catalog_is_in_no_text_of_the_settings() -> None:
    assert "footfall@db" not in repr(Settings(catalog=CATALOG))
