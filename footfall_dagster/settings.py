"""Where things are, in one typed place: read from the environment, with defaults that work.

Belongs here: every setting that is not a fact about a site. Does not belong here: what a site is
(site.yaml), how Dagster itself runs (dagster.yaml).
"""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_REPOSITORY = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings of a code location; each is read from `FOOTFALL_<NAME>`.

    Attributes:
        site: Directory of site.yaml and cameras.yaml.
        home: Folder below which everything that is made lies, unless set apart below.
        recordings: Folder into which recorders export; only read, unless the site lets us delete.
        weights: The detector's checkpoint; fetched by `footfall weights`.
        face_model: OpenVINO IR (.xml) that finds faces; only for age and gender.
        age_gender_model: OpenVINO IR (.xml) that guesses age and gender of a face.
    """

    model_config = SettingsConfigDict(env_prefix="FOOTFALL_", env_ignore_empty=True, frozen=True)

    site: Path = _REPOSITORY / "examples" / "arcade"
    home: Path = _REPOSITORY / "var"
    recordings: Path = Field(default_factory=lambda made: made["home"] / "recordings")
    weights: Path | None = None
    face_model: Path | None = None
    age_gender_model: Path | None = None

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
        """The HTML reports."""
        return self.home / "reports"

    @property
    def privacy(self) -> Path:
        """Records and pages of the privacy report."""
        return self.home / "privacy"

    @property
    def models(self) -> Path:
        """Weights that `footfall weights` fetched, and what is compiled from them."""
        return self.home / "models"
