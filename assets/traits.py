"""Traits of people in the tracking stage: taken in `detections`, used and destroyed in `tracks`.

Belongs here: what a site asks for, and what may be said of it. Does not belong here: the assets
(`assets.detections`, `assets.tracks`), what traits are (`vision.traits`), where they are held.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from typing import Any

import dagster as dg
import polars as pl

from assets.plan import SitePlan
from vision.protocols import Boxes, Detector, Frame
from vision.site.privacy import Privacy
from vision.traits import Destroyed, Look, TraitHolder, Traits, looked_at


def wanted(privacy: Privacy) -> bool:
    """Whether a site asks for more of people than their boxes."""
    return privacy.appearance != "off" or privacy.age_gender is not None


def boxes(
    privacy: Privacy,
    detector: Detector,
    frames: Iterable[Frame],
    guesser: Look,
    traits: TraitHolder,
) -> Iterator[Boxes]:
    """Boxes of each frame, while `traits` takes what the site asks for besides."""
    from vision.appearance import describe

    return looked_at(
        detector,
        frames,
        traits.add,
        appearance=None if privacy.appearance == "off" else describe,
        guess=None if privacy.age_gender is None else guesser,
    )


def taken(
    plan: SitePlan,
    context: dg.AssetExecutionContext,
    traits: TraitHolder,
    detections: pl.DataFrame,
) -> Traits | None:
    """Traits of exactly these detections; None, and a warning, where they are gone."""
    if not wanted(plan.site.file.privacy):
        return None
    found = traits.take(context.partition_key, detections)
    if found is None:
        context.log.warning(
            f"{context.partition_key}: nothing is known of these people but their boxes, since "
            "what was seen of them is gone with the run that made `detections`. Tracks go by "
            "motion alone; for more, launch `detections` and `tracks` in one run and one process"
        )
    return found


@contextmanager
def without_words(at_hand: Traits | None) -> Iterator[None]:
    """Where traits are at hand a failure says its kind and place only: words might quote them."""
    try:
        yield
    except Exception as error:
        if at_hand is None:
            raise
        place = extract_tb(error.__traceback__)[-1]
        raise dg.Failure(
            description=f"tracking failed with {type(error).__name__} in "
            f"{Path(place.filename).name}, line {place.lineno}; its words are left out, since they "
            "might quote what people look like. Switch privacy.appearance and age_gender off to "
            "see them"
        ) from None


def told(privacy: Privacy, gone: Destroyed) -> dict[str, Any]:
    """The receipt, as metadata of `tracks`; empty where nothing was asked for."""
    if not wanted(privacy):
        return {}
    return {
        "traits_held_in": "vault" if privacy.appearance == "vault" else "memory",
        "traits_destroyed_boxes": gone.rows,
        "traits_destroyed_bytes": gone.bytes,
    }
