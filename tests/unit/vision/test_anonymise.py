import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.tracked import START, START_US, path_of
from vision.anonymise import coarse, ranked
from vision.contract_check import Bounds, violations
from vision.contracts import ANONYMISED_TRAJECTORIES
from vision.floor import PATHS
from vision.site.models import Floor

FLOOR = Floor(id="ground", outline=((0, 0), (10.1, 0), (10.1, 8), (0, 8)))
DAY_S = 86_400


def anonymise(paths: pl.DataFrame, floor: Floor) -> pl.DataFrame:
    return ranked(coarse(paths, floor))


def straight(track: int, start_s: float, end_s: float, x: float) -> pl.DataFrame:
    times = np.arange(start_s, end_s, 0.2)
    return path_of(
        times, np.column_stack([np.full(len(times), x), 1.1 + 0.5 * (times - start_s)]), track
    )


def test_positions_are_cell_centres_at_whole_seconds() -> None:
    found = anonymise(straight(0, 0.5, 3.6, 2.2), FLOOR)
    assert [(at - START).total_seconds() for at in found["at"]] == [1, 2, 3]
    assert found["x_m"].to_list() == [2.125] * 3
    assert found["y_m"].to_list() == [1.375, 1.875, 2.375]


def test_without_metres_there_is_no_trajectory() -> None:
    unknown = straight(0, 0, 5, 2).with_columns(
        x_m=pl.lit(None, pl.Float64), y_m=pl.lit(None, pl.Float64)
    )
    assert anonymise(unknown, FLOOR).equals(ANONYMISED_TRAJECTORIES.empty())
    assert anonymise(PATHS.to_frame(), FLOOR).equals(ANONYMISED_TRAJECTORIES.empty())


def test_positions_beyond_the_floor_are_left_out_and_slips_moved_in() -> None:
    times = np.array([0.0, 1, 2, 3])
    place = np.array([[-3.0, 1.0], [-0.2, 1.0], [10.3, 1.0], [14.0, 1.0]])
    found = anonymise(path_of(times, place), FLOOR)
    assert found["x_m"].to_list() == [0.125, 9.875]
    assert [(at - START).total_seconds() for at in found["at"]] == [1, 2]


def test_rows_keep_their_contract() -> None:
    parts = [straight(i, 0.3 * i, 4 + i, 0.7 * i) for i in range(12)]
    found = anonymise(pl.concat(parts), FLOOR)
    at = pl.Series([START_US, START_US + DAY_S * 1_000_000]).cast(pl.Datetime("us"))
    window = tuple(at.dt.replace_time_zone("UTC").to_list())
    bounds = Bounds(window, (1, 1), (0, 0, 10.1, 8), frozenset(), frozenset())
    assert violations(found, ANONYMISED_TRAJECTORIES, bounds) == []
    assert found["trajectory"].n_unique() > 5


# Few starts and lanes, so that some of the people share one coarse sequence.
people = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 5.0]), st.sampled_from([2.1, 2.2, 6.0])),
    min_size=1,
    max_size=7,
)


@given(people, st.randoms(use_true_random=False))
def test_track_ids_and_row_order_leave_no_trace(
    walks: list[tuple[float, float]], random: object
) -> None:
    numbers = list(range(len(walks)))
    random.shuffle(numbers)  # type: ignore[attr-defined]
    plain = [straight(i, start, start + 4, x) for i, (start, x) in enumerate(walks)]
    renamed = [
        straight(number, start, start + 4, x)
        for number, (start, x) in zip(numbers, walks, strict=True)
    ]
    shuffled = pl.concat(renamed).sample(fraction=1, shuffle=True, seed=len(walks))
    assert anonymise(shuffled, FLOOR).equals(anonymise(pl.concat(plain), FLOOR))
