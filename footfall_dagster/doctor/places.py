"""Trials of where things lie: site files, recordings, store, home, warehouse, clocks.

Belongs here: whether one may read, write and delete there, and what the time is there. Does not
belong here: PostgreSQL and Dagster (`services`), seeing (`sight`).
"""

import datetime as dt
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from upath import UPath

from footfall_dagster.doctor.trial import Found, absent, broken, doubtful, well
from footfall_dagster.locks import LockTimeoutError, locked
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from footfall_dagster.settings_file import PREFIX
from footfall_dagster.store import StorePath, make_folder
from footfall_dagster.warehouse import DuckDBWarehouse
from vision.exports.places import Unreachable
from vision.site.load import load_site
from vision.site.problems import SiteFileError

_PROBE = "_doctor"
"""Folder of what is written for a trial; deleted with it."""
_LITTLE_ROOM = 10 * 2**30
"""Bytes; a day of a large site needs less."""
_APART = dt.timedelta(seconds=5)
_FAR_APART = dt.timedelta(minutes=2)


def settings_file(settings: Settings) -> Found:
    """Which file the settings were read from, and what the environment sets over it."""
    if settings.settings is None:
        return absent("no FOOTFALL_SETTINGS: settings come from the environment alone")
    over = sorted(
        name
        for name, value in os.environ.items()
        if name.removeprefix(PREFIX).lower() in Settings.model_fields
        and (value and name.startswith(PREFIX) and name != "FOOTFALL_SETTINGS")
    )
    what = f"read from {settings.settings}"
    return well(f"{what}; the environment wins with {', '.join(over)}" if over else what)


def site(settings: Settings) -> Found:
    """Whether the site's files can be read."""
    try:
        known = load_site(settings.site)
    except SiteFileError as wrong:
        return broken(str(wrong), "run `footfall site check`, which shows each with its line")
    cameras = len(known.camera_ids)
    return well(f"{known.id}, {cameras} cameras, time zone {known.file.time_zone}")


def recordings(settings: Settings) -> Found:
    """Whether recordings can be listed, and their first file read."""
    where = settings.recordings
    if isinstance(where, Path) and not where.is_dir():
        return broken(
            f"{where} is no folder",
            "point FOOTFALL_RECORDINGS at the folder or bucket into which your recorder exports",
        )
    place = settings.exports.place
    try:
        first = next(iter(place.files("", 3)), None)
        if first is None:
            return doubtful(f"{where} can be read and is empty", "nothing need be done, if so")
        with place.reading(first.name) as file:
            file.read(1)
    except (Unreachable, OSError) as failure:
        told = str(failure) if isinstance(failure, Unreachable) else type(failure).__name__
        return broken(f"{where}: {told}", "let the user who runs this read what lies there")
    return well(f"{where} can be listed and read")


def store(settings: Settings) -> Found:
    """Whether the store takes, shows and deletes a file, under a lock."""
    root = settings.kept
    # Some stores make a bucket of any name that is written to.
    if not isinstance(root, Path) and _has_no_bucket(root):
        return broken(f"there is no bucket of {root}", "create it, or mend FOOTFALL_STORE")
    return _kept(root, "FOOTFALL_STORE")


def _has_no_bucket(root: UPath) -> bool:
    try:
        root.fs.ls(root.parts[0], refresh=True)
    except FileNotFoundError:
        return True
    except Exception:  # who may not list it may write there all the same
        return False
    return False


def home(settings: Settings) -> Found:
    """Whether the home takes, shows and deletes a file, and how much room it has."""
    found = _kept(settings.home, "FOOTFALL_HOME")
    if found.remedy:
        return found
    free = shutil.disk_usage(settings.home).free
    what = f"{settings.home}, {free / 2**30:.0f} GiB free"
    if free < _LITTLE_ROOM:
        return doubtful(what, "make room: the warehouse is built anew beside the old one")
    return well(what)


def _kept(root: StorePath, setting: str) -> Found:
    probe = root / _PROBE / uuid.uuid4().hex
    try:
        make_folder(probe.parent)
        with locked(probe.parent, timeout_s=5):
            content = probe.name.encode()
            probe.write_bytes(content)
            same = probe.read_bytes() == content
            probe.unlink()
        if isinstance(root, Path):
            probe.parent.rmdir()
    except LockTimeoutError as waited:
        return broken(str(waited), "")
    except Exception as failure:  # whatever a store's client raises, which may quote keys
        return broken(
            f"{root} does not take a file ({_named(failure)})",
            f"see that {setting} is right and that who runs this may read, write and delete there",
        )
    if not same:
        return broken(f"{root} gave back something else", "find out what stands before the store")
    return well(f"{root} takes, shows and deletes a file")


def marts(settings: Settings) -> Found:
    """Whether the exact marts can be read, and nobody has kept them from being written."""
    stored = warehouse(settings)
    try:
        if not stored.exact.is_there:
            return well(f"{stored.beside} is empty still")
        days = stored.days(load_site(settings.site).id)
        if isinstance(stored, DuckDBWarehouse):
            with locked(stored.core.with_name(f"{stored.core.name}.lock"), timeout_s=1):
                pass
    except WarehouseError as wrong:
        return broken(str(wrong), "")
    except LockTimeoutError as held:
        return doubtful(str(held), "nothing need be done while marts are being made")
    except SiteFileError:
        return broken("of which site is not known", "mend the site's files first")
    return well(f"{stored.beside}, {len(days)} days of this site")


def clock(settings: Settings, others: Callable[[], dict[str, dt.datetime]]) -> Found:
    """Whether clocks agree: of this machine, of the store, and of PostgreSQL where there is one.

    Late files, retention and schedules go by them.
    """
    told = {**_of_store(settings), **others()}
    here = dt.datetime.now(dt.UTC)
    apart = {name: abs(here - then) for name, then in told.items()}
    if not apart:
        return broken("no other clock answers", "mend the other parts first")
    name, most = max(apart.items(), key=lambda one: one[1])
    what = f"within {most.total_seconds():.1f} s of {', '.join(sorted(apart))}"
    if most <= _APART:
        return well(what)
    remedy = "set both by the network (NTP; chrony does)"
    wrong = f"{most.total_seconds():.0f} s away from {name}"
    return broken(wrong, remedy) if most > _FAR_APART else doubtful(wrong, remedy)


def _of_store(settings: Settings) -> dict[str, dt.datetime]:
    """What time it is where files are written, which may be another machine."""
    found = {}
    places: dict[str, StorePath] = {"the home": settings.home}
    if settings.is_apart:
        places["the store"] = settings.kept
    for name, root in places.items():
        probe = root / _PROBE / uuid.uuid4().hex
        try:
            make_folder(probe.parent)
            probe.write_bytes(b"")
            found[name] = dt.datetime.fromtimestamp(probe.stat().st_mtime, dt.UTC)
            probe.unlink()
            if isinstance(probe, Path):
                probe.parent.rmdir()
        except Exception:  # what is wrong with it, its own trial says
            continue
    return found


def _named(failure: Exception) -> str:
    if isinstance(failure, OSError) and failure.strerror and failure.filename:
        return failure.strerror
    return type(failure).__name__
