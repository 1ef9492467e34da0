"""As how many trajectories a person is stored on a day, as far as the day's own figures tell.

Belongs here: this estimate. Does not belong here: what the site promises (`vision.site.release`),
what follows for a release (`assets.release.noisy`).

Nobody is known again, so it is an estimate and a mean: some are in more pieces. Two things make
several trajectories of one person, and the greater of their two figures counts. Tracks break: a
break inside a zone makes two stays of one, of each of which an end was not seen, and
`data_quality_daily.cut_share` tells how many such there are. And people are seen by several
cameras, or come back: that is trajectories per person who came in, or, where no entrance counts,
per person whom the busiest camera saw. Entrances that do not count everybody make it too large.
"""

import math

import polars as pl


def pieces_measured(counted: pl.DataFrame, quality: pl.DataFrame, entrances: pl.DataFrame) -> float:
    """Trajectories per person of a day, a mean over its people, rounded up to tenths.

    Args:
        counted: camera, trajectory: who counts in the mart, in any number of rows.
        quality: Rows of `data_quality_daily` of the site-day; there may be none.
        entrances: Rows of `footfall_daily` of the site-day; there may be none.

    Returns:
        At least 1.
    """
    of_camera = counted.unique(["camera", "trajectory"]).group_by("camera").len("trajectories")
    if of_camera.is_empty():
        return 1.0
    told = of_camera.join(quality.select("camera", "cut_share"), on="camera", how="left")
    unbroken: list[float] = [
        trajectories * (1 - (cut or 0.0) / 2)
        for trajectories, cut in told.select("trajectories", "cut_share").iter_rows()
    ]
    trajectories = float(of_camera["trajectories"].sum())
    people = float(entrances["entries_observed"].sum()) or max(unbroken)
    pieces: float = max(trajectories / people, trajectories / sum(unbroken))
    # Else the last bit of a sum would decide on a tenth.
    return max(1.0, math.ceil(round(10 * pieces, 6)) / 10)
