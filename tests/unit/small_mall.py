"""A site small enough to compute every figure of it by hand, and its camera-days."""

import datetime as dt
from collections.abc import Mapping, Sequence, Set

import polars as pl

from assets.marts import inputs as mart_inputs
from assets.marts.inputs import CameraDays
from assets.marts.positions import SCANS, counted, scanned
from assets.marts.queries import RELATIONS, evaluated, query_names
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.contracts_ingest import COVERAGE
from vision.site.hours import WEEKDAYS, Hours, QuietHours
from vision.site.models import (
    CalibrationPair,
    Camera,
    Floor,
    Gate,
    Notice,
    Site,
    SiteDay,
    SiteFile,
    Zone,
)
from vision.site.privacy import Privacy

DAY = dt.date(2026, 3, 11)
NOON = dt.datetime(2026, 3, 11, 12, tzinfo=dt.UTC)
OUTLINE = ((0.0, 0.0), (10.0, 0.0), (10.0, 8.0), (0.0, 8.0))


def site(
    *,
    name: str = "Small Mall",
    time_zone: str = "Europe/London",
    trading_day_start: dt.time = dt.time(4),
    k: int = 10,
    quiet_hours: tuple[QuietHours, ...] = (),
) -> Site:
    """One gate and one shop under `cam_a`, one gate and a corridor under `cam_b`."""
    pairs = tuple(CalibrationPair(pixel=(100 * x, 900 - 100 * y), floor=(x, y)) for x, y in OUTLINE)
    return Site(
        file=SiteFile(
            id="mall",
            name=name,
            time_zone=time_zone,
            trading_day_start=trading_day_start,
            opens=dt.date(2026, 1, 1),
            trading_hours={
                day: Hours(opens=dt.time(9), closes=dt.time(18)) for day in WEEKDAYS[:6]
            },
            quiet_hours=quiet_hours,
            floors=(Floor(id="ground", outline=OUTLINE),),
            gates=(
                Gate(
                    id="door", camera="cam_a", floor="ground", line=((0, 3), (0, 5)), inside=(1, 4)
                ),
                Gate(
                    id="back", camera="cam_b", floor="ground", line=((9, 3), (9, 5)), inside=(8, 4)
                ),
            ),
            zones=(
                Zone(
                    id="shop",
                    kind="store",
                    camera="cam_a",
                    floor="ground",
                    polygon=((1, 1), (4, 1), (4, 3), (1, 3)),
                ),
                Zone(
                    id="aisle",
                    kind="corridor",
                    camera="cam_b",
                    floor="ground",
                    polygon=((5, 3), (9, 3), (9, 5), (5, 5)),
                    min_dwell=1,
                ),
                Zone(
                    id="plant",
                    kind="exclude",
                    camera="cam_a",
                    floor="ground",
                    polygon=((0, 6), (1, 6), (1, 7)),
                ),
            ),
            privacy=Privacy(k=k),
            notice=Notice(controller="Mall Ltd", contact="privacy@mall.example"),
        ),
        cameras=tuple(
            Camera(
                id=camera,
                floor="ground",
                exports=f"{camera}/%Y%m%d_%H%M%S.mp4",
                frame=(1000, 900),
                calibration=pairs,
            )
            for camera in ("cam_a", "cam_b")
        ),
    )


def furnished(site: Site) -> Site:
    """`site` with entrances and a zone of every kind under `cam_a`, and as many under `cam_c`."""
    shapes = (
        ("front", "frontage", ((1, 3), (4, 3), (4, 4), (1, 4)), 1, "shop"),
        ("kiosk", "store", ((6, 1), (8, 1), (8, 3), (6, 3)), 5, None),
        ("poster", "display", ((5, 6), (7, 6), (7, 7), (5, 7)), 3, None),
        ("till", "seating", ((2, 6), (3, 6), (3, 7), (2, 7)), 2, None),
        ("line", "queue", ((3, 6), (5, 6), (5, 7), (3, 7)), 4, "till"),
        ("backroom", "staff", ((8, 6), (9, 6), (9, 7), (8, 7)), 1, None),
    )
    zones = [
        Zone(
            id=name,
            kind=kind,  # type: ignore[arg-type]
            camera="cam_a",
            floor="ground",
            polygon=polygon,
            min_dwell=min_dwell,
            of=of,
        )
        for name, kind, polygon, min_dwell, of in shapes
    ]
    under_c = [
        zone.model_copy(
            update={
                "id": f"{zone.id}_c",
                "camera": "cam_c",
                "of": f"{zone.of}_c" if zone.of else None,
            }
        )
        for zone in (site.file.zones[0], *zones)
    ]
    gates = [
        gate.model_copy(update={"leads_from": "outside"})
        for gate in (
            *site.file.gates,
            site.file.gates[0].model_copy(update={"id": "door_c", "camera": "cam_c"}),
        )
    ]
    update = {"zones": (*site.file.zones, *zones, *under_c), "gates": tuple(gates)}
    return site.model_copy(
        update={
            "file": site.file.model_copy(update=update),
            "cameras": (*site.cameras, site.cameras[0].model_copy(update={"id": "cam_c"})),
        }
    )


def site_day(day: dt.date = DAY, **changes: object) -> SiteDay:
    """The small mall on `day`."""
    return site(**changes).on(day)  # type: ignore[arg-type]


def coverage(
    site_day: SiteDay, *spans: tuple[dt.datetime, dt.datetime], readable_s: float = 60
) -> pl.DataFrame:
    """Every minute of the day, readable inside `spans`."""
    start, end = site_day.window
    minutes = pl.datetime_range(
        start, end, "1m", closed="left", time_unit="us", time_zone="UTC", eager=True
    )
    seen = pl.lit(False)
    for begins, ends in spans:
        seen = seen | pl.col("minute").is_between(begins, ends, closed="left")
    return (
        pl.DataFrame({"minute": minutes})
        .select(
            "minute",
            recorded_s=pl.when(seen).then(60.0).otherwise(0.0),
            readable_s=pl.when(seen).then(float(readable_s)).otherwise(0.0),
            reason=pl.when(seen).then(None).otherwise(pl.lit("gap")),
        )
        .cast(dict(COVERAGE.schema))
    )  # type: ignore[arg-type]


def crossings(*rows: tuple[str, dt.datetime, str], basis: str = "track") -> pl.DataFrame:
    """Rows of gate_events from (gate, at, direction), in the order in which they are stored."""
    made = pl.DataFrame([(*row, basis) for row in rows], schema=GATE_EVENTS.schema, orient="row")
    return made.sort(pl.all())


def stays(*rows: tuple[str, dt.datetime, int], ends_seen: str = "both") -> pl.DataFrame:
    """Rows of zone_visits from (zone, entered_at, dwell_s), in the order of what is stored."""
    made = pl.DataFrame(
        [
            (zone, entered, entered + dt.timedelta(seconds=dwell), dwell, ends_seen)
            for zone, entered, dwell in rows
        ],
        schema=ZONE_VISITS.schema,
        orient="row",
    )
    return made.sort(pl.all())


def walks(*paths: tuple[dt.datetime, Sequence[tuple[float, float]]]) -> pl.DataFrame:
    """Rows of anonymised_trajectories from (first second, one position a second)."""
    return pl.DataFrame(
        [
            (number, start + dt.timedelta(seconds=second), x, y)
            for number, (start, positions) in enumerate(paths)
            for second, (x, y) in enumerate(positions)
        ],
        schema=ANONYMISED_TRAJECTORIES.schema,
        orient="row",
    )


def events(**by_camera: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Frames by camera, spelled as keyword arguments."""
    return by_camera


def relations(
    site_day: SiteDay,
    coverage: CameraDays,
    events: Mapping[str, CameraDays],
    failed: Set[str] = frozenset(),
) -> dict[str, pl.DataFrame]:
    """Every relation that marts and their checks read of a site-day."""
    tables = mart_inputs.relations(site_day, coverage, events, failed=failed)
    positions = events.get(ANONYMISED_TRAJECTORIES.name, {})
    tables |= scanned(SCANS, positions, site_day, tables) | counted(positions, tables)
    return tables | evaluated(query_names(RELATIONS), tables)
