"""What a notice states: every field of the site's files, or a reason why not."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from assets.notice.stated import (
    ASSETS,
    STATED,
    UNSTATED,
    Change,
    changes,
    rule_of,
)
from footfall_dagster.privacy.text import trouble
from tests.notices import CHANGES, UNSTATED_CHANGES
from vision.site.audits import AuditsFile
from vision.site.models import CamerasFile, Site, SiteFile


def fields_of(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Every field of a model, those of its entries with `[]` for the list that they are in."""
    for name, field in model.model_fields.items():
        path = f"{above}.{name}" if above else name
        below, many = _models_in(field.annotation), _is_many(field.annotation)
        # Pairs and hours have no id, so a list of them has no entries of its own.
        if len(below) == 1 and (not many or "id" in below[0].model_fields):
            yield from fields_of(below[0], f"{path}[]" if many else path)
        else:
            yield path


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


def _is_many(annotation: Any) -> bool:
    origin = getattr(annotation, "__origin__", None)
    return origin in {tuple, dict, list} or any(map(_is_many, get_args(annotation)))


MODELS = {"site.yaml": SiteFile, "cameras.yaml": CamerasFile, "audits.yaml": AuditsFile}
FIELDS = [(file, field) for file, model in MODELS.items() for field in fields_of(model)]
EMPTY = {"site.yaml": {}, "cameras.yaml": {}, ASSETS: {}}


def test_the_walk_sees_fields_of_entries_and_of_entries_within() -> None:
    assert ("site.yaml", "zones[].kind") in FIELDS
    assert ("site.yaml", "privacy.age_gender.k") in FIELDS
    assert ("site.yaml", "privacy.retention.recordings.delete_after_hours") in FIELDS
    assert ("site.yaml", "trading_hours") in FIELDS
    assert ("cameras.yaml", "cameras[].calibration") in FIELDS


@pytest.mark.parametrize(("file", "field"), FIELDS, ids=str)
def test_each_field_is_either_stated_or_left_out_for_a_reason(file: str, field: str) -> None:
    stated, left_out = rule_of(field, STATED[file]), rule_of(field, UNSTATED[file])
    assert (stated is None) != (left_out is None), (
        f"{field} of {file} is new: name it in STATED of assets.notice.stated and tell of it in "
        "the documents, or in UNSTATED with a reason"
    )


def test_a_site_has_nothing_but_what_these_files_hold() -> None:
    assert set(Site.model_fields) == {"file", "cameras", "audits"}


def test_no_rule_is_of_a_field_that_is_gone() -> None:
    rules = {(file, rule) for file in MODELS for rule in (*STATED[file], *UNSTATED[file])}
    used = {
        (file, rule_of(field, {**dict.fromkeys(STATED[file]), **UNSTATED[file]}))
        for file, field in FIELDS
    }
    assert used == rules


def test_each_stated_field_has_a_change_that_tests_make() -> None:
    stated = {field for file, field in FIELDS if rule_of(field, STATED[file])}
    assert {change.field for change in CHANGES} == stated


def test_each_field_that_is_left_out_has_a_change_that_tests_make() -> None:
    changed = {rule_of(change.field, UNSTATED[change.file]) for change in UNSTATED_CHANGES}
    assert {*UNSTATED["site.yaml"], *UNSTATED["cameras.yaml"]} <= changed


def test_a_change_says_field_and_both_values() -> None:
    before, now = EMPTY | {"site.yaml": {"privacy.k": 10}}, EMPTY | {"site.yaml": {"privacy.k": 5}}
    assert [str(one) for one in changes(before, now)] == [
        "site.yaml, privacy.k: the notice says 10, now it is 5"
    ]


def test_an_entry_that_came_or_went_is_told_once() -> None:
    camera = {"cameras[a].id": "a", "cameras[a].floor": "ground", "cameras[a].valid_from": None}
    came = changes(EMPTY, EMPTY | {"cameras.yaml": camera})
    went = changes(EMPTY | {"cameras.yaml": camera}, EMPTY)
    assert [(one.field, one.now) for one in (*came, *went)] == [
        ("cameras[a]", "there"),
        ("cameras[a]", "gone"),
    ]


def test_a_dataset_that_the_notice_does_not_know_is_told() -> None:
    (new,) = changes(EMPTY, EMPTY | {ASSETS: {"groups_hourly": "footfall"}})
    assert str(new) == ("asset graph, groups_hourly: the notice says nothing, now it is footfall")


def test_outlines_are_told_in_words_that_the_wall_lets_through() -> None:
    square = [[0.0, 0.0], [100.0, 0.0], [100.0, 20.0], [0.0, 20.0]]
    other = [[0.0, 0.0], [90.0, 0.0], [90.0, 20.0], [0.0, 20.0]]
    for noticed, now in ((square, other), ([], [square]), ([square] * 3, [other] * 2)):
        told = str(Change("cameras.yaml", "cameras[cam_a].masks", noticed, now))
        assert trouble(told) is None, told
