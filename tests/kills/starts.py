"""What killed runs start from: a real camera of fifteen seconds, and its marts.

Belongs here: laying out homes. Does not belong here: running them (`tests.kills.harness`).
"""

import datetime as dt
import shutil
from functools import cached_property
from pathlib import Path

from footfall_dagster.jobs import CAMERA_DAY, SITE_DAY
from tests.kills.harness import Clean, Run
from tests.notices import issue_notice
from tests.privacy.finished_home import REPOSITORY, Home

_DAY = dt.date(2004, 1, 20)
_DAY_BEFORE = _DAY - dt.timedelta(days=1)
_CAMERA_DAY = f"corridor|{_DAY}"
_CLIP = "EnterExitCrossingPaths1cor.mpg"
_LATE = "ShopAssistant1cor.mp4"


class Starts:
    """Runs of the Lisbon corridor, each from its start, below a folder of the test's own."""

    def __init__(self, folder: Path, footage: Path, weights: Path) -> None:
        self._folder = folder
        self._weights = weights
        for name in ("early", "recordings"):
            recorded = folder / name / "caviar"
            recorded.mkdir(parents=True)
            shutil.copy2(footage / "caviar" / _CLIP, recorded)
        (folder / "recordings" / "caviar" / _LATE).write_bytes(b"half of an upload")

    def _home(self, recordings: str = "recordings") -> Home:
        settings = Home.at(self._folder / "var", self._folder / recordings).settings
        return Home(settings.model_copy(update={"weights": self._weights}))

    @cached_property
    def _empty(self) -> Path:
        root = self._folder / "empty"
        shutil.copytree(REPOSITORY / "examples" / "caviar", root / "site")
        described = root / "site" / "site.yaml"
        told = described.read_text().replace(f"opens: {_DAY}", f"opens: {_DAY_BEFORE}")
        described.write_text(told.replace("  tue:", "  mon: {opens: 10:00, closes: 23:00}\n  tue:"))
        issue_notice(root / "site")
        (root / "tmp").mkdir()
        (root / "dagster").mkdir()
        (root / "dagster" / "dagster.yaml").symlink_to(REPOSITORY / "dagster.yaml")
        return root

    def _after(self, run: Run, name: str) -> Path:
        """A copy of the home in which `run` has just come to its end."""
        run.lay_out()
        run.to_the_end()
        return Path(shutil.copytree(run.home.root, self._folder / name, symlinks=True))

    @cached_property
    def _made_early(self) -> Path:
        early = Run(self._home("early"), self._empty, CAMERA_DAY, _CAMERA_DAY)
        return self._after(early, "made_early")

    @cached_property
    def camera_day_in_an_empty_home(self) -> Clean:
        """Nothing is there, not even the compiled detector."""
        return Clean(Run(self._home(), self._empty, CAMERA_DAY, _CAMERA_DAY))

    @cached_property
    def camera_day_after_a_late_file(self) -> Clean:
        """The camera-day was made before a file arrived, and a broken one at that."""
        return Clean(Run(self._home(), self._made_early, CAMERA_DAY, _CAMERA_DAY))

    @cached_property
    def site_day_beside_another(self) -> Clean:
        """The marts hold the day before, whose rows are copied at each write and must stay."""
        before = Run(self._home("early"), self._made_early, SITE_DAY, f"{_DAY_BEFORE}")
        start = self._after(before, "with_the_day_before")
        return Clean(Run(self._home("early"), start, SITE_DAY, f"{_DAY}"))
