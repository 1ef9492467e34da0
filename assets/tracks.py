"""The second stage left of the wall: one person's path in one camera.

Belongs here: `tracks`, and `zone_demographics_daily` where a site asks for it, since what it is
made from does not outlive tracking. Does not belong here: trackers; the root of the project
supplies what `vision.protocols` describes.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from assets import traits as traits_of
from assets.camera_day import Lineage, camera_day_asset, spec_fields, view_of
from assets.plan import ANONYMOUS, TRACKING, SitePlan, camera_of
from vision.contracts import BOX, TRACKS, ZONE_DEMOGRAPHICS_DAILY
from vision.protocols import Tracker, View
from vision.traits import Destroyed, TraitHolder, Traits

_TRACKS_LINEAGE: Lineage = {
    column: [("detections", column)] for column in ("frame_at", *BOX, "confidence")
} | {column: [("detections", one) for one in ("frame_at", *BOX)] for column in ("track", "joined")}


def build(plan: SitePlan) -> list[dg.AssetsDefinition]:
    """The asset of tracks, and what can only be made beside it."""
    with_demographics = plan.site.file.privacy.age_gender is not None
    return [_tracks_and_votes(plan) if with_demographics else _tracks(plan)]


def _tracks(plan: SitePlan) -> dg.AssetsDefinition:
    @camera_day_asset(
        plan,
        TRACKS,
        group=TRACKING,
        kinds={"polars", "parquet"},
        reads=["detections"],
        lineage=_TRACKS_LINEAGE,
    )
    def tracks(
        context: dg.AssetExecutionContext,
        detections: pl.DataFrame,
        tracker: dg.ResourceParam[Tracker],
        traits: dg.ResourceParam[TraitHolder],
    ) -> dg.Output[pl.DataFrame]:
        try:
            taken = traits_of.taken(plan, context, traits, detections)
            with traits_of.without_words(taken):
                frame = _tracked(plan, context, detections, tracker, taken)
        finally:
            gone = traits.destroy()
        return dg.Output(frame, metadata=_told(plan, detections, frame, gone))

    return tracks


def _tracks_and_votes(plan: SitePlan) -> dg.AssetsDefinition:
    """Both in one step, after which nothing is left of what anybody was guessed to be."""
    kinds = {"polars", "parquet"}
    demographics: Lineage = {"zone": [("detections", name) for name in BOX]}

    @dg.multi_asset(
        name=f"{plan.site.id}_tracks_and_votes",
        outs={
            TRACKS.name: dg.AssetOut(
                **spec_fields(plan, TRACKS, kinds=kinds, lineage=_TRACKS_LINEAGE),
                group_name=TRACKING,
            ),
            # Tracks made without a look at the frames know of no votes, and leave the stored ones.
            ZONE_DEMOGRAPHICS_DAILY.name: dg.AssetOut(
                **spec_fields(plan, ZONE_DEMOGRAPHICS_DAILY, kinds=kinds, lineage=demographics),
                group_name=ANONYMOUS,
                is_required=False,
            ),
        },
        ins={"detections": dg.AssetIn(plan.key("detections"))},
        partitions_def=plan.camera_days,
    )
    def tracks_and_votes(
        context: dg.AssetExecutionContext,
        detections: pl.DataFrame,
        tracker: dg.ResourceParam[Tracker],
        traits: dg.ResourceParam[TraitHolder],
    ) -> Iterator[dg.Output[pl.DataFrame]]:
        counted = None
        try:
            taken = traits_of.taken(plan, context, traits, detections)
            with traits_of.without_words(taken):
                frame = _tracked(plan, context, detections, tracker, taken)
                if taken is not None:
                    counted = _counted(plan, context, detections, frame, taken)
        finally:
            gone = traits.destroy()
        told = _told(plan, detections, frame, gone)
        yield dg.Output(frame, output_name=TRACKS.name, metadata=told)
        if counted is not None:
            cells = {"cells": counted.height}
            yield dg.Output(counted, output_name=ZONE_DEMOGRAPHICS_DAILY.name, metadata=cells)

    return tracks_and_votes


def _tracked(
    plan: SitePlan,
    context: dg.AssetExecutionContext,
    detections: pl.DataFrame,
    tracker: Tracker,
    taken: Traits | None,
) -> pl.DataFrame:
    appearance = None if taken is None or not taken.appearance.shape[1] else taken.appearance
    return tracker.track(detections, _view(plan, context), appearance)


def _view(plan: SitePlan, context: dg.AssetExecutionContext) -> View:
    return view_of(camera_of(plan.day(context), context.partition_key))


def _counted(
    plan: SitePlan,
    context: dg.AssetExecutionContext,
    detections: pl.DataFrame,
    tracks: pl.DataFrame,
    taken: Traits,
) -> pl.DataFrame:
    from vision.demographics import histogram, votes

    asked = plan.site.file.privacy.age_gender
    if asked is None or not taken.guesses.shape[1]:
        return ZONE_DEMOGRAPHICS_DAILY.empty()
    site_day = plan.day(context)
    camera = camera_of(site_day, context.partition_key)
    zones = site_day.zones_of(camera.id)
    found = votes(tracks, detections, taken.guesses, _view(plan, context), zones)
    return histogram(found, asked.k)


def _told(
    plan: SitePlan, detections: pl.DataFrame, frame: pl.DataFrame, gone: Destroyed
) -> dict[str, Any]:
    filled, joined = frame["confidence"].null_count(), frame["joined"].drop_nulls()
    told: dict[str, Any] = {
        "tracks": frame["track"].n_unique(),
        "boxes_filled_in_share": round(filled / frame.height, 3) if frame.height else 0.0,
        "boxes_left_out_share": round(1 - (frame.height - filled) / detections.height, 3)
        if detections.height
        else 0.0,
        "joins": joined.len(),
        "joins_likely_wrong": round(float((1 - joined).sum())),
    }
    return told | traits_of.told(plan.site.file.privacy, gone)
