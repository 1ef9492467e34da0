"""Leaks that Dagster itself stores: metadata, tags, descriptions, exceptions, output, pickles.

Belongs here: real runs of assets that leak, on the home's own instance and on one without our gate
and with Dagster's own capture of output. Does not belong here: pages of its databases that no row
owns (`sqlite_files`).
"""

import base64
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg

from assets.plan import SitePlan
from footfall_dagster.privacy.wall import Refused
from footfall_dagster.runs import QUIET
from tests.privacy.corpus import content
from tests.privacy.corpus.places import DAY, index, sqlite
from tests.privacy.corpus.plants import Door, plant
from tests.privacy.finished_home import Home

Act = Callable[[dg.AssetExecutionContext], Any]


@contextmanager
def ungated(home: Home) -> Iterator[dg.DagsterInstance]:
    """An instance on the home's storage as Dagster would configure it without our dagster.yaml."""
    below = home.dagster
    with TemporaryDirectory() as folder:
        (Path(folder) / "dagster.yaml").write_text(
            "telemetry: {enabled: false}\n"
            f"storage: {{sqlite: {{base_dir: {below}}}}}\n"
            "local_artifact_storage:\n"
            "  module: dagster._core.storage.root\n"
            "  class: LocalArtifactStorage\n"
            f"  config: {{base_dir: {below}}}\n"
            "compute_logs:\n"
            "  module: dagster._core.storage.local_compute_log_manager\n"
            "  class: LocalComputeLogManager\n"
            f"  config: {{base_dir: {below / 'storage'}}}\n"
        )
        with dg.DagsterInstance.from_config(folder) as instance:
            yield instance


def run(
    home: Home, instance: dg.DagsterInstance, act: Act, tags: dict[str, str] | None = None
) -> bool:
    """Materialise the report of `DAY` with `act` for its body; whether the run succeeded."""
    plan = SitePlan(home.site)

    @dg.asset(key=plan.key("footfall_report"), partitions_def=plan.days)
    def footfall_report(context: dg.AssetExecutionContext) -> Any:
        return act(context)

    return dg.materialize(
        [footfall_report],
        partition_key=DAY.isoformat(),
        instance=instance,
        run_config=QUIET,
        resources={"io_manager": dg.FilesystemIOManager(base_dir=str(home.dagster / "storage"))},
        tags=tags,
        raise_on_error=False,
    ).success


def _put(home: Home, act: Act, tags: dict[str, str] | None = None) -> None:
    with ungated(home) as instance:
        run(home, instance, act, tags)


def _withheld(act: Act, *needles: str, tags: Callable[[], dict[str, str]] = dict) -> Door:
    """Whether the instance that the product configures stores none of the needles."""

    def door(home: Home) -> bool:
        # The gate may refuse a run before there is one.
        with home.open() as instance, suppress(Refused):
            run(home, instance, act, tags())
        return not stored(home, needles)

    return door


def stored(home: Home, needles: Sequence[str]) -> bool:
    """Whether one of the needles is in a database of the home's DAGSTER_HOME.

    They are short, since SQLite cuts what is longer than a page.
    """
    files = [path.read_bytes() for path in (home.dagster / "history").rglob("*.db*")]
    return any(needle.encode() in file for needle in needles for file in files)


def _components(vector: Sequence[float]) -> list[str]:
    """Some numbers of the vector as JSON and Python write them."""
    return [repr(value) for value in vector[40:60:4]]


def _pieces(text: str) -> list[str]:
    """Some pieces of a long text."""
    return [text[n : n + 20] for n in range(100, 500, 80)]


def _numbers(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"curve": content.embedding(256).tolist()})


@plant(
    "Dagster metadata",
    "dagster",
    _withheld(_numbers, *_components(content.embedding(256).tolist())),
)
def a_vector_as_a_list_in_metadata(home: Home) -> None:
    _put(home, _numbers)


def _png() -> str:
    return base64.b64encode(content.picture(content.face(), "PNG")).decode()


def _markdown(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    picture = dg.MetadataValue.md(f"![visitors](data:image/png;base64,{_png()})")
    return dg.MaterializeResult(metadata={"over_the_day": picture})


@plant("Dagster metadata", "dagster", _withheld(_markdown, *_pieces(_png())))
def a_face_as_a_plot_in_metadata(home: Home) -> None:
    _put(home, _markdown)


def _entries(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    vector = content.embedding(128).tolist()
    return dg.MaterializeResult(metadata={f"share_{n}": value for n, value in enumerate(vector)})


@plant(
    "Dagster metadata",
    "dagster",
    _withheld(_entries, *_components(content.embedding(128).tolist())),
)
def a_vector_over_the_entries_of_metadata(home: Home) -> None:
    _put(home, _entries)


def _halves() -> str:
    return content.half(content.embedding(256)).tobytes().hex()


def _table(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    columns = [dg.TableColumn(name=_halves()[n : n + 64]) for n in range(0, 1024, 64)]
    return dg.MaterializeResult(metadata={"dagster/column_schema": dg.TableSchema(columns)})


@plant(
    "Dagster metadata",
    "dagster",
    _withheld(_table, *(_halves()[n : n + 20] for n in (64, 256, 512))),
)
def a_vector_in_the_names_of_a_table_schema(home: Home) -> None:
    _put(home, _table)


def _nothing(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult()


def _one_tag() -> dict[str, str]:
    text = base64.b64encode(content.picture(content.face(48, 56), "JPEG")).decode()
    return {"footfall/inputs": text}


@plant(
    "Dagster tags",
    "dagster",
    _withheld(_nothing, *_pieces(_one_tag()["footfall/inputs"]), tags=_one_tag),
)
def a_face_in_a_tag_of_a_run(home: Home) -> None:
    _put(home, _nothing, _one_tag())


def _many_tags() -> dict[str, str]:
    packed = content.quantised(content.embedding(512)).tobytes()
    return {f"footfall/part_{n}": packed[32 * n : 32 * n + 32].hex() for n in range(16)}


@plant("Dagster tags", "dagster", _withheld(_nothing, *_many_tags().values(), tags=_many_tags))
def a_quantised_vector_over_the_tags_of_a_run(home: Home) -> None:
    _put(home, _nothing, _many_tags())


def _event_tags() -> dict[str, str]:
    packed = content.half(content.embedding(128)).tobytes()
    return {f"v{n}": packed[30 * n : 30 * n + 30].hex() for n in range(9)}


def _tagged(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(tags=_event_tags())


@plant("Dagster tags", "dagster", _withheld(_tagged, *_event_tags().values()))
def a_vector_in_the_tags_of_a_materialisation(home: Home) -> None:
    _put(home, _tagged)


def _check(description: str, metadata: dict[str, Any]) -> Act:
    def act(context: dg.AssetExecutionContext) -> dg.AssetCheckEvaluation:
        context.log_event(
            dg.AssetCheckEvaluation(
                asset_key=context.asset_key,
                check_name="plausible",
                passed=True,
                description=description,
                metadata=metadata,
            )
        )
        return dg.MaterializeResult()  # type: ignore[return-value]

    return act


def _described() -> str:
    return base64.b85encode(content.embedding(256).tobytes()).decode()


@plant("check description", "dagster", _withheld(_check(_described(), {}), *_pieces(_described())))
def a_vector_in_the_description_of_a_check(home: Home) -> None:
    _put(home, _check(_described(), {}))


def _rounded() -> str:
    return ", ".join(f"{value:.3f}" for value in content.embedding(128).tolist())


@plant("check description", "dagster", _withheld(_check(_rounded(), {}), *_pieces(_rounded())))
def rounded_components_in_the_words_of_a_check(home: Home) -> None:
    _put(home, _check(_rounded(), {}))


def _eighths() -> list[int]:
    return list(map(int, content.quantised(content.embedding())))


def _checked_list() -> dict[str, Any]:
    return {"by_cell": dg.MetadataValue.json(_eighths())}


@plant(
    "check description",
    "dagster",
    _withheld(_check("", _checked_list()), str(_eighths()[20:26])[1:-1]),
)
def a_quantised_vector_in_the_metadata_of_a_check(home: Home) -> None:
    _put(home, _check("", _checked_list()))


def _raises(_context: dg.AssetExecutionContext) -> None:
    raise ValueError(f"no match for {content.embedding(256).tolist()}")


@plant("exception", "dagster", _withheld(_raises, *_components(content.embedding(256).tolist())))
def a_vector_in_the_message_of_an_exception(home: Home) -> None:
    _put(home, _raises)


def _fails(_context: dg.AssetExecutionContext) -> None:
    text = base64.b64encode(content.picture(content.profile(), "JPEG")).decode()
    raise dg.Failure(description="no match", metadata={"crop": text}, allow_retries=False)


@plant("exception", "dagster")
def a_face_in_the_metadata_of_a_failure(home: Home) -> None:
    _put(home, _fails)


def _chained(_context: dg.AssetExecutionContext) -> None:
    try:
        raise KeyError(content.picture(content.face(48, 56), "WEBP"))
    except KeyError as error:
        raise RuntimeError("no match") from error


@plant("exception", "dagster")
def a_face_as_bytes_in_the_cause_of_an_exception(home: Home) -> None:
    _put(home, _chained)


def _prints(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    os.write(1, f"{content.embedding(256)}\n".encode())
    return dg.MaterializeResult()


@plant("compute log", "dagster")
def a_vector_printed_by_a_step(home: Home) -> None:
    _put(home, _prints)


def _complains(_context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    text = base64.b64encode(content.picture(content.face(), "JPEG")).decode()
    os.write(2, f"warning: cannot show {text}\n".encode())
    return dg.MaterializeResult()


@plant("compute log", "dagster")
def a_face_as_base64_on_standard_error(home: Home) -> None:
    _put(home, _complains)


def _logs(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    context.log.info("gallery %s", content.features(256).tobytes().hex())
    return dg.MaterializeResult()


@plant("log lines", "dagster", _withheld(_logs, *_pieces(content.features(256).tobytes().hex())))
def a_vector_as_hex_in_a_message_of_a_run(home: Home) -> None:
    _put(home, _logs)


def _logs_often(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    for number, value in enumerate(content.embedding(128).tolist()):
        context.log.info("frame %d: drift %.4f", number, value)
    return dg.MaterializeResult()


@plant(
    "log lines",
    "dagster",
    _withheld(_logs_often, *(f"{v:.4f}" for v in content.embedding(128).tolist()[40:60:4])),
)
def a_component_in_each_message_of_a_run(home: Home) -> None:
    _put(home, _logs_often)


def _returns_vector(_context: dg.AssetExecutionContext) -> Any:
    return content.embedding(512)


@plant("Dagster pickle", "dagster")
def a_vector_pickled_by_the_default_io_manager(home: Home) -> None:
    _put(home, _returns_vector)


def _returns_crops(_context: dg.AssetExecutionContext) -> Any:
    return {"7": [content.picture(content.body(), "JPEG")], "8": content.pixels(content.face())}


@plant("Dagster pickle", "dagster")
def crops_in_a_dictionary_pickled_by_the_default_io_manager(home: Home) -> None:
    _put(home, _returns_crops)


@plant("encoded id", "dagster")
def a_vector_in_the_names_of_partitions(home: Home) -> None:
    packed = content.quantised(content.embedding(256)).tobytes()
    with ungated(home) as instance:
        names = [packed[32 * n : 32 * n + 32].hex() for n in range(8)]
        instance.add_dynamic_partitions("arcade_cameras", names)


@plant("base64 text", "dagster")
def a_face_in_the_cursor_of_a_daemon(home: Home) -> None:
    text = base64.b64encode(content.picture(content.face(48, 56), "WEBP")).decode()
    with ungated(home) as instance:
        instance.daemon_cursor_storage.set_cursor_values({"ASSET_DAEMON_CURSOR": text})


@plant("BLOB column", "dagster")
def a_vector_in_a_table_added_to_the_event_log(home: Home) -> None:
    with sqlite(index(home)) as connection:
        connection.execute("CREATE TABLE cache (key TEXT, value BLOB)")
        connection.execute(
            "INSERT INTO cache VALUES ('a', ?)", (content.half(content.embedding(512)).tobytes(),)
        )


@plant("JSON", "dagster")
def a_vector_in_the_state_of_a_sensor(home: Home) -> None:
    told = json.dumps({"cursor": content.embedding(128).tolist()})
    with sqlite(home.dagster / "schedules" / "schedules.db") as connection:
        connection.execute(
            "INSERT INTO instigators (selector_id, status, instigator_type, instigator_body) "
            "VALUES ('a', 'RUNNING', 'SENSOR', ?)",
            (told,),
        )


@plant("encoded id", "dagster")
def a_quantised_vector_in_the_names_of_pools(home: Home) -> None:
    packed = content.quantised(content.embedding(256)).tobytes()
    with ungated(home) as instance:
        for number in range(8):
            name = packed[32 * number : 32 * number + 32].hex()
            instance.event_log_storage.set_concurrency_slots(name, 1)
