"""Contenders over clips, in turns: what each took and made, and what was left out and why.

Belongs here: running them. Does not belong here: how each is called
(`bench.tracking_contenders`), tables (`bench.tracking`).
"""

import importlib.util
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from bench.spent import CommandFailed, Spent, spent_by
from bench.tracking_clips import Known
from bench.tracking_contenders import CONTENDERS, Job, Told
from vision.processes import environment
from vision.quiet import ultralytics
from vision.yolo import cuda_at_hand

_CHILD = (sys.executable, "-m", "bench.tracking_contenders")


def say(line: str) -> None:
    """Progress, which goes beside what is printed."""
    print(line, file=sys.stderr, flush=True)


@dataclass
class Runs:
    """What one contender took and made of one clip: a cost for each repeat, the first's tracks."""

    known: Known
    contender: str
    every_frame: bool
    spent: list[Spent] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    tracks: pl.DataFrame | None = None

    def median(self, what: str) -> float:
        """Of the repeats: of `Spent`, or, with `marginal_` before it, of `Told`."""
        name = what.removeprefix("marginal_")
        if name == what:
            return statistics.median(getattr(one, name) for one in self.spent)
        # All but the first frame, brought to the whole length.
        return statistics.median(
            getattr(one, name) * one.looked_at / max(1, one.looked_at - 1) for one in self.told
        )


class Bench:
    """Contenders, clips, and what was left out and why."""

    def __init__(self, folder: Path, weights: Path) -> None:
        self._folder = folder
        self._exported = folder / "openvino" / "model_openvino_model"
        self._seeing_gpus = environment(
            **ultralytics(folder),
            FOOTFALL_HOME=str(folder / "home"),
            FOOTFALL_WEIGHTS=str(weights.resolve()),
        )
        # On processors alone, whatever the machine has: what a GPU spends is no processor time.
        self.environment = self._seeing_gpus | {"CUDA_VISIBLE_DEVICES": ""}
        self.left_out: list[str] = []

    def present(self, asked: Sequence[str]) -> list[str]:
        """Those of the contenders that are installed, and whose GPU is at hand."""
        found = []
        for name in asked:
            contender = CONTENDERS[name]
            missing = [one for one in contender.needs if importlib.util.find_spec(one) is None]
            if missing:
                self.left_out.append(
                    f"{name}: {', '.join(missing)} not installed; {contender.install}"
                )
            elif contender.gpu and not cuda_at_hand():
                self.left_out.append(f"{name}: no CUDA device at hand")
            else:
                found.append(name)
        return found

    def prepare(self, contenders: Sequence[str], first: Known) -> list[str]:
        """Export the checkpoint for those who want it, which is done once and is not measured."""
        ready = list(contenders)
        for name in contenders:
            engine = CONTENDERS[name].engine
            try:
                if engine == "ours":
                    self.run(name, first)
                elif engine == "openvino" and not self._exported.is_dir():
                    say("exporting the checkpoint to OpenVINO")
                    command = [*_CHILD, "--export", str(self._exported.parent)]
                    spent_by(command, self.environment)
            except CommandFailed as failure:
                self.left_out.append(f"{name}: {failure}")
                ready.remove(name)
        return ready

    def run(self, name: str, of: Known) -> tuple[Spent, Told, pl.DataFrame]:
        """One contender over one clip.

        Raises:
            CommandFailed: It came to no end.
        """
        clip = of.clip
        job = Job(
            contender=name,
            video=str(clip.path.resolve()),
            frames_us=clip.frames_us.tolist(),
            size=clip.size,
            fps=of.fps,
            floor=None if of.floor is None else of.floor.floor_from_pixel.tolist(),
            exported=str(self._exported),
        )
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            (Path(folder) / "job.json").write_text(json.dumps(asdict(job)))
            seen = self._seeing_gpus if CONTENDERS[name].gpu else self.environment
            spent = spent_by([*_CHILD, folder], seen)
            told = Told(**json.loads((Path(folder) / "told.json").read_text()))
            return spent, told, pl.read_parquet(Path(folder) / "tracks.parquet")

    def compare(
        self, title: str, clips: Sequence[Known], contenders: Sequence[str], repeats: int
    ) -> Iterator[list[Runs]]:
        """All contenders over some clips; for each what it did on all of them."""
        made = {
            name: [Runs(one, name, not CONTENDERS[name].sparse) for one in clips]
            for name in contenders
        }
        for repeat in range(repeats):
            for index, one in enumerate(clips):
                for name in list(made):
                    began = time.monotonic()
                    try:
                        spent, told, tracks = self.run(name, one)
                    except CommandFailed as failure:
                        self.left_out.append(f"{title}, {name}: {failure}")
                        del made[name]
                        continue
                    runs = made[name][index]
                    runs.spent.append(spent)
                    runs.told.append(told)
                    if runs.tracks is None:
                        runs.tracks = tracks
                    elif not runs.tracks.equals(tracks):
                        self.left_out.append(
                            f"{title}, {name}: other tracks in repeat {repeat + 1}; scored is the "
                            "first"
                        )
                    took = time.monotonic() - began
                    say(f"{title}: {one.clip.path.stem}, {name}, repeat {repeat + 1}, {took:.0f} s")
        yield from made.values()
