"""Small truths and tracks, drawn by hand."""

import polars as pl

from vision.evaluate.mot import FOUND, TRUTH, Counts

SIZE = (10.0, 20.0)


def row(frame, number, x, y=0.0):
    """A box of the usual size whose left top corner is at x, y."""
    return (frame, number, x, y, x + SIZE[0], y + SIZE[1])


def truth(*rows, counts=Counts.PERSON):
    """Rows of `row` as truth, all of which count alike."""
    return pl.DataFrame(rows, schema=FOUND, orient="row").with_columns(
        pl.lit(str(counts)).cast(TRUTH["counts"]).alias("counts")
    )


def found(*rows):
    """Rows of `row` as tracks."""
    return pl.DataFrame(rows, schema=FOUND, orient="row")
