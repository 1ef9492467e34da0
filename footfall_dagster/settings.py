"""Where things are, in one typed place: environment, then a file, then defaults that work.

Belongs here: every setting that is not a fact about a site. Does not belong here: what a site is
(site.yaml), how Dagster itself runs (dagster.yaml), reading the file (`settings_file`).
"""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from footfall_dagster.settings_file import NAMED_BY, PREFIX, SettingsFile
from footfall_dagster.shipped import BESIDE
from footfall_dagster.store import StorePath, at
from vision.exports.folder import Recordings
from vision.protocols import LookAt

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+]*)://(?P<rest>.*)")


def folder_or_bucket(value: object) -> object:
    """A setting of a place as it is meant: a path, or the URL of a bucket as text.

    Raises:
        ValueError: A URL of what we do not read, or with keys in it.
    """
    if value is None:
        return None
    told = _URL.fullmatch(str(value))
    if told is None:
        return Path(value) if isinstance(value, str) else value
    if told["scheme"] != "s3" or not told["rest"].strip("/"):
        raise ValueError("give a folder, or a bucket as s3://bucket/prefix")
    if "@" in told["rest"]:
        raise ValueError("leave keys out of the URL, and set AWS_ACCESS_KEY_ID and its secret")
    return str(value).rstrip("/")


def int8_possible(wanted: bool) -> bool:
    """The setting as it is.

    Raises:
        ValueError: What it needs is not installed.
    """
    if wanted and find_spec("nncf") is None:
        raise ValueError(
            "NNCF is not installed; run pip install 'footfall-dagster[int8]', or leave "
            "FOOTFALL_INT8 out"
        )
    return wanted


class Settings(BaseSettings):
    """Settings of a code location; each is read from `FOOTFALL_<NAME>`, else from the file.

    Attributes:
        settings: YAML file of the others, by their names in lower case. Where several sites share
            Dagster, each has one.
        site: Directory of site.yaml, cameras.yaml and maybe audits.yaml.
        home: Folder below which everything that is made lies, unless set apart below.
        store: Folder or bucket of what several machines share: lake, marts, pages and privacy
            records. Home unless it is set. Marts are two DuckDB files in a folder, and DuckLake in
            a bucket.
        catalog: Address of a PostgreSQL database, `postgresql://user@host/database`, which says
            who may write into a bucket, and has DuckLake's catalogue. Passwords are found as every
            PostgreSQL client finds them: in PGPASSWORD, or in the file that PGPASSFILE names.
        recordings: Folder into which recorders export, or a bucket as `s3://bucket/prefix`; only
            read, unless the site lets us delete.
        s3_endpoint: Of the store that has the bucket, where it is not Amazon's and
            AWS_ENDPOINT_URL does not say so. Keys are found as every S3 client finds them.
        weights: The detector's checkpoint; fetched by `footfall weights`.
        input_size: Longer side of the picture that the detector sees, pixels. `auto` begins with
            640 and takes less for a camera whose people are tall enough in less.
        look_at: Of the analysed frames, `all`, those that differ from what was seen last
            (`changed_frames`), or only the parts that do (`changed_windows`).
        int8: Let the detector compute in numbers of eight bits, once it made such a network for the
            camera and found that it finds the same people; needs the extra `int8`.
        vision_gpus: What a camera-day takes of the GPUs of a Ray cluster, so that Ray puts no more
            on one than fit; 0.25 has four share a GPU. None where vision runs on processors.
        face_model: OpenVINO IR (.xml) that finds faces; only for age and gender.
        age_gender_model: OpenVINO IR (.xml) that guesses age and gender of a face.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    settings: Path | None = None
    site: Path = BESIDE / "examples" / "arcade"
    home: Path = BESIDE / "var"
    recordings: Annotated[Path | str, BeforeValidator(folder_or_bucket)] = Field(
        default_factory=lambda made: made["home"] / "recordings"
    )
    # None and not the home of now: whoever copies settings with another home means all of it.
    store: Annotated[Path | str | None, BeforeValidator(folder_or_bucket)] = None
    catalog: SecretStr | None = None
    s3_endpoint: str | None = None
    weights: Path | None = None
    input_size: Annotated[int, Field(ge=160, le=1920)] | Literal["auto"] = "auto"
    look_at: LookAt = "changed_windows"
    int8: Annotated[bool, AfterValidator(int8_possible)] = False
    vision_gpus: Annotated[float, Field(gt=0)] | None = None
    face_model: Path | None = None
    age_gender_model: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where settings come from, what wins first: arguments, environment, file.

        Raises:
            footfall_dagster.settings_file.SettingsFileError: The file cannot be used.
        """
        del dotenv_settings, file_secret_settings
        told = env_settings() | init_settings()
        path = told.get(NAMED_BY)
        file = SettingsFile(settings_cls, None if path is None else Path(path))
        return (init_settings, env_settings, file)

    @field_validator("settings")
    @classmethod
    def _is_found_from_anywhere(cls, settings: Path | None) -> Path | None:
        return settings and settings.absolute()

    @field_validator("catalog")
    @classmethod
    def _says_no_password(cls, catalog: SecretStr | None) -> SecretStr | None:
        if catalog is not None:
            told = urlsplit(catalog.get_secret_value())
            if told.scheme not in {"postgresql", "postgres"} or not told.path.strip("/"):
                raise ValueError("give an address such as postgresql://user@host/database")
            if told.password or "password=" in told.query:
                raise ValueError(
                    "leave the password out of the address, and set PGPASSWORD or PGPASSFILE"
                )
        return catalog

    @model_validator(mode="after")
    def _bucket_has_locks(self) -> Self:
        if isinstance(self.store, str) and self.catalog is None:
            raise ValueError(
                "FOOTFALL_STORE is a bucket, and a bucket keeps no two writers apart: set "
                "FOOTFALL_CATALOG to a PostgreSQL database, postgresql://user@host/database"
            )
        if self.catalog is not None and find_spec("psycopg2") is None:
            raise ValueError(
                "FOOTFALL_CATALOG is set, and the client of PostgreSQL is not installed; run pip "
                "install 'footfall-dagster[grown]'"
            )
        return self

    @property
    def catalog_dsn(self) -> str:
        """The address of PostgreSQL, to be handed to its client and to nobody else."""
        if self.catalog is None:
            raise ValueError("set FOOTFALL_CATALOG to a database of PostgreSQL")
        return self.catalog.get_secret_value()

    @property
    def kept(self) -> StorePath:
        """Where the store is, which is the home unless it was set apart."""
        return at(self.store or self.home, self.s3_endpoint)

    @property
    def is_apart(self) -> bool:
        """Whether the store is another place than the home."""
        return self.kept != self.home

    @property
    def exports(self) -> Recordings:
        """The recordings, to be listed and read."""
        return Recordings(self.recordings, self.s3_endpoint)

    @property
    def lake(self) -> StorePath:
        """Parquet files of all camera-day assets."""
        return self.kept / "lake"

    @property
    def vault(self) -> Path:
        """Sealed traits of people, for as long as a run takes."""
        return self.home / "vault"

    @property
    def warehouse(self) -> StorePath:
        """The DuckDB files of the marts, or in a bucket the rows of DuckLake."""
        return self.kept / "warehouse"

    @property
    def reports(self) -> StorePath:
        """The HTML reports of days, for their owner."""
        return self.kept / "reports"

    @property
    def public_reports(self) -> StorePath:
        """The HTML reports of days for others: nothing exact is in this folder."""
        return self.kept / "public_reports"

    @property
    def data_docs(self) -> StorePath:
        """What Great Expectations found in the marts, as HTML."""
        return self.kept / "data_docs"

    @property
    def weekly_reports(self) -> StorePath:
        """The HTML reports of weeks, for their owner."""
        return self.kept / "weekly_reports"

    @property
    def privacy(self) -> StorePath:
        """Records and pages of the privacy report."""
        return self.kept / "privacy"

    @property
    def models(self) -> Path:
        """Weights that `footfall weights` fetched, and what is compiled from them."""
        return self.home / "models"
