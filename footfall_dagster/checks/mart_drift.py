"""Drift: what a day adds up to, beside the same weekday of the weeks before it.

Belongs here: the totals that are compared, their scores, the rules on them, and saying what has
drifted. Does not belong here: running rules (`footfall_dagster.checks.validation`), totals that
must equal those of events (`footfall_dagster.checks.mart_totals`).

The week is the season: a Saturday is compared with Saturdays. A score is the modified z-score of
B. Iglewicz and D. Hoaglin (How to Detect and Handle Outliers, ASQC, 1993), how far a total is from
the median in units of the median absolute deviation, with their threshold of 3.5; median and
deviation are of the earlier days alone. The deviation of a few days is small by chance now and
then, so it never counts as less than that of counts which vary as Poisson's and by a twentieth
besides.
"""

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import polars as pl

from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.of_zones import ZONE_VISITS_HOURLY
from assets.marts.schema import MartContract
from footfall_dagster.checks.mart_rules import Rule
from vision.site.models import SiteDay

MEASURES: Mapping[str, tuple[str, ...]] = {
    GATE_COUNTS_15MIN.name: ("entries", "exits"),
    ZONE_VISITS_HOURLY.name: ("visits",),
}
"""Columns of a mart whose total over the trading hours is compared with earlier weeks."""
_PLACES = {GATE_COUNTS_15MIN.name: "gate", ZONE_VISITS_HOURLY.name: "zone"}

WEEKS, FEWEST_WEEKS = 8, 4
"""How many earlier weeks are looked at, and without how many nothing is said."""
FAR, FAR_TWICE = 3.5, 2.5
"""Scores beyond which a day has drifted: by itself, and where the day before went the same way."""
_LEAST_OBSERVED = 0.9
"""Share of the trading hours; a day of which less was observed is compared with nothing."""
_DEVIATIONS_OF_NORMAL = 0.6745
"""The median absolute deviation of a normal distribution, in standard deviations."""
_VARIES_BY = 0.05
_MOST_TOLD = 10
_DAY, _WEEK = dt.timedelta(days=1), dt.timedelta(weeks=1)

_Totals = Mapping[dt.date, Mapping[str, float]]
"""By day the total of each measure of one place."""


def days(day: dt.date) -> list[dt.date]:
    """Days whose rows are needed to judge `day`: its weekday, and that of the day before."""
    return sorted({one for last in (day, day - _DAY) for one in (last, *_weeks_before(last))})


def summary(mart: MartContract, rows: pl.DataFrame, site_day: SiteDay) -> pl.DataFrame:
    """Score the totals of a site-day against those of earlier weeks.

    Args:
        mart: One of those in `MEASURES`.
        rows: Its rows of `days(site_day.day)`, as far as there are any.
        site_day: The site on the day.

    Returns:
        One row per gate or zone that has rows of the day: `place`; `weeks`, with how many earlier
        ones it was compared, 0 where the day itself was observed too little; `weeks_before`, the
        same of the day before; of each measure `<measure>_score`, and `<measure>_twice`, the
        smaller of the day's score and that of the day before where both go one way, else 0. Scores
        are NULL where there are fewer than `FEWEST_WEEKS`. No total is in it.
    """
    measures = MEASURES[mart.name]
    known = _totals(mart, rows, site_day)
    today, yesterday = site_day.day, site_day.day - _DAY
    scored = []
    of_day = rows.filter(pl.col("trading_day") == today)
    for place in of_day[_PLACES[mart.name]].unique().sort():
        totals = known.get(place, {})
        weeks, scores = _scores(totals, today, measures)
        weeks_before, scores_before = _scores(totals, yesterday, measures)
        scored.append(
            {"place": place, "weeks": weeks, "weeks_before": weeks_before}
            | {f"{name}_score": scores[name] for name in measures}
            | {f"{name}_twice": _both(scores[name], scores_before[name]) for name in measures}
        )
    figures = {f"{name}_{kind}": pl.Float64() for kind in ("score", "twice") for name in measures}
    return pl.DataFrame(
        scored,
        schema={"place": pl.String(), "weeks": pl.Int64(), "weeks_before": pl.Int64(), **figures},
    )


def rules(mart: MartContract) -> list[Rule]:
    """The rules of a summary of `mart`; they look at places with enough history."""
    return [
        rule
        for measure in MEASURES[mart.name]
        for rule in (
            Rule(
                f"{measure} as on this weekday in earlier weeks",
                "ExpectColumnValuesToBeBetween",
                {"column": f"{measure}_score", "min_value": -FAR, "max_value": FAR},
                where=("weeks", ">", FEWEST_WEEKS - 1),
                notes="Distance of the day's total in trading hours from the median of the weekday "
                "in earlier weeks, in robust standard deviations.",
            ),
            Rule(
                f"{measure} not off the same way on two days in a row",
                "ExpectColumnValuesToBeBetween",
                {"column": f"{measure}_twice", "min_value": -FAR_TWICE, "max_value": FAR_TWICE},
                where=("weeks_before", ">", FEWEST_WEEKS - 1),
                notes="The smaller of the distances of this day and of the day before, each from "
                "its own weekday; 0 where one is above and the other below.",
            ),
        )
    ]


def told(mart: MartContract, scored: pl.DataFrame, day: dt.date) -> str:
    """What a person wants to know of a summary: what drifted which way, what was not compared."""
    drifted = list(_drifted(mart, scored, day))
    more = [f"and {len(drifted) - _MOST_TOLD} more"] if len(drifted) > _MOST_TOLD else []
    compared = scored.filter(pl.col("weeks") >= FEWEST_WEEKS).height
    of_all = f"of {scored.height} {_PLACES[mart.name]}s"
    alike = [f"{compared} {of_all} as on earlier {day:%A}s"] if compared and not drifted else []
    short = scored.height - compared
    history = (
        f"{short} {of_all}: not enough history, which is {FEWEST_WEEKS} earlier {day:%A}s and the "
        f"day itself, observed for {_LEAST_OBSERVED:.0%} of the trading hours"
    )
    return "; ".join(
        [*drifted[:_MOST_TOLD], *more, *alike, *([history] if short else [])]
        or [f"0 {of_all}: there is none"]
    )


def _drifted(mart: MartContract, scored: pl.DataFrame, day: dt.date) -> Iterator[str]:
    for row in scored.iter_rows(named=True):
        for measure in MEASURES[mart.name]:
            score, twice = row[f"{measure}_score"] or 0.0, row[f"{measure}_twice"] or 0.0
            if max(abs(score) - FAR, abs(twice) - FAR_TWICE) > 0:
                way = "above" if score > 0 else "below"
                again = ", and so the day before" if abs(twice) > FAR_TWICE else ""
                yield (
                    f"{measure} of {row['place']} far {way} {row['weeks']} earlier {day:%A}s "
                    f"({abs(score):.1f} deviations){again}"
                )


def _weeks_before(day: dt.date) -> list[dt.date]:
    return [day - number * _WEEK for number in range(1, WEEKS + 1)]


def _drawn(mart: MartContract, site_day: SiteDay) -> Mapping[str, object]:
    """Every gate or zone of the mart as it is drawn on a day."""
    return site_day.gates if _PLACES[mart.name] == "gate" else site_day.zones


def _totals(mart: MartContract, rows: pl.DataFrame, site_day: SiteDay) -> dict[str, _Totals]:
    """By place the totals of days that were observed, with the place drawn as it is now.

    What was missed of a day is made up for, so that it is not taken for people who stayed away.
    """
    place, measures = _PLACES[mart.name], MEASURES[mart.name]
    observed = (
        rows.filter("in_trading_hours")
        .group_by(place, "trading_day")
        .agg(pl.col("observed_share").mean(), pl.col(measures).sum())
        .filter(pl.col("observed_share") >= _LEAST_OBSERVED)
        .with_columns(pl.col(measures) / pl.col("observed_share"))
    )
    now = _drawn(mart, site_day)
    then = {day: _drawn(mart, site_day.site.on(day)) for day in observed["trading_day"].unique()}
    found: dict[str, dict[dt.date, Mapping[str, float]]] = {}
    for row in observed.iter_rows(named=True):
        name, day = row[place], row["trading_day"]
        if name in now and then[day].get(name) == now[name]:
            found.setdefault(name, {})[day] = {measure: row[measure] for measure in measures}
    return dict(found)


def _scores(
    totals: _Totals, day: dt.date, measures: Sequence[str]
) -> tuple[int, Mapping[str, float | None]]:
    """With how many earlier weeks a day of one place is compared, and its scores."""
    weeks = [one for one in _weeks_before(day) if one in totals] if day in totals else []
    if len(weeks) < FEWEST_WEEKS:
        return len(weeks), dict.fromkeys(measures)
    return len(weeks), {
        name: _score(totals[day][name], [totals[one][name] for one in weeks]) for name in measures
    }


def _score(total: float, earlier: Sequence[float]) -> float:
    middle = median(earlier)
    deviation = median(abs(one - middle) for one in earlier) / _DEVIATIONS_OF_NORMAL
    least = math.hypot(math.sqrt(max(middle, 1.0)), _VARIES_BY * middle)
    return (total - middle) / max(deviation, least)


def _both(score: float | None, before: float | None) -> float | None:
    if score is None or before is None:
        return None
    return min(score, before, key=abs) if score * before > 0 else 0.0
