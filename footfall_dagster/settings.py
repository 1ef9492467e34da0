"""Where things are, in one typed place: read from the environment, with defaults that work.

Belongs here: every setting that is not a fact about a site. Does not belong here: what a site is
(site.yaml), how Dagster itself runs (dagster.yaml).
"""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from vision.exports.folder import Recordings
from vision.protocols import LookAt

_REPOSITORY = Path(__file__).resolve().parent.parent


_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+]*)://(?P<rest>.*)")


def folder_or_bucket(value: object) -> object:
    """A setting of recordings as it is meant: a path, or the URL of a bucket as text.

    Raises:
        ValueError: A URL of what we do not read, or with keys in it.
    """
    told = _URL.fullmatch(str(value))
    if told is None:
        return Path(value) if isinstance(value, str) else value
    if told["scheme"] != "s3" or not told["rest"].strip("/"):
        raise ValueError("recordings are read from a folder, or from s3://bucket/prefix")
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
    """Settings of a code location; each is read from `FOOTFALL_<NAME>`.

    Attributes:
        site: Directory of site.yaml, cameras.yaml and maybe audits.yaml.
        home: Folder below which everything that is made lies, unless set apart below.
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
        face_model: OpenVINO IR (.xml) that finds faces; only for age and gender.
        age_gender_model: OpenVINO IR (.xml) that guesses age and gender of a face.
    """

    model_config = SettingsConfigDict(env_prefix="FOOTFALL_", env_ignore_empty=True, frozen=True)

    site: Path = _REPOSITORY / "examples" / "arcade"
    home: Path = _REPOSITORY / "var"
    recordings: Annotated[Path | str, BeforeValidator(folder_or_bucket)] = Field(
        default_factory=lambda made: made["home"] / "recordings"
    )
    s3_endpoint: str | None = None
    weights: Path | None = None
    input_size: Annotated[int, Field(ge=160, le=1920)] | Literal["auto"] = "auto"
    look_at: LookAt = "changed_windows"
    int8: Annotated[bool, AfterValidator(int8_possible)] = False
    face_model: Path | None = None
    age_gender_model: Path | None = None

    @property
    def exports(self) -> Recordings:
        """The recordings, to be listed and read."""
        return Recordings(self.recordings, self.s3_endpoint)

    @property
    def lake(self) -> Path:
        """Parquet files of all camera-day assets."""
        return self.home / "lake"

    @property
    def vault(self) -> Path:
        """Sealed traits of people, for as long as a run takes."""
        return self.home / "vault"

    @property
    def warehouse(self) -> Path:
        """The DuckDB files of the marts."""
        return self.home / "warehouse"

    @property
    def reports(self) -> Path:
        """The HTML reports of days, for their owner."""
        return self.home / "reports"

    @property
    def public_reports(self) -> Path:
        """The HTML reports of days for others: nothing exact is in this folder."""
        return self.home / "public_reports"

    @property
    def data_docs(self) -> Path:
        """What Great Expectations found in the marts, as HTML."""
        return self.home / "data_docs"

    @property
    def weekly_reports(self) -> Path:
        """The HTML reports of weeks, for their owner."""
        return self.home / "weekly_reports"

    @property
    def privacy(self) -> Path:
        """Records and pages of the privacy report."""
        return self.home / "privacy"

    @property
    def models(self) -> Path:
        """Weights that `footfall weights` fetched, and what is compiled from them."""
        return self.home / "models"
