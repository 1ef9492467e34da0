"""People found by a YOLO checkpoint, through OpenVINO on a CPU or torch on a CUDA device.

Belongs here: reading a detector's output, and torch. Does not belong here: which weights (a
setting), the export (`vision.openvino_export`), what of each frame is computed on a CPU
(`vision.openvino_stream`), or joining boxes over time.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from vision.input_size import LARGEST_PX
from vision.openvino_engine import Found
from vision.openvino_export import ExportedModel, exported
from vision.openvino_stream import SAME_PERSON_IOU, Stream
from vision.protocols import Boxes, Frame, LookAt
from vision.quiet import ultralytics

_SMALLEST_SIDE_PX = 1.0
_CUDA_BATCH = 16


class YoloDetector:
    """Finds people with an ultralytics detection checkpoint.

    Where the checkpoint knows a class `person` that class is a person; otherwise every class is.

    Args:
        weights: The checkpoint (.pt).
        cache: Folder in which the exported model is kept.
        confidence: Lowest score of a box that is reported. Low, because the tracker lets weak
            boxes go on with a track, though never begin one.
        input_size: Longer side of the image that the network sees, pixels. `auto` is chosen by how
            tall people are (`vision.input_size`); on a CUDA device it is the largest of those.
        look_at: On a CPU, every frame, those that changed, or only what of them changed.
        int8: On a CPU, compute in numbers of eight bits once a network of them was made for the
            camera and finds the same people (`vision.eight_bits`).
        device: `auto` is CUDA where there is one.
    """

    def __init__(
        self,
        weights: Path,
        *,
        cache: Path,
        confidence: float = 0.1,
        input_size: int | Literal["auto"] = "auto",
        look_at: LookAt = "changed_windows",
        int8: bool = False,
        device: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> None:
        self._weights = weights
        self._cache = cache
        self._confidence = confidence
        self._input_size = None if input_size == "auto" else input_size
        self._int8 = int8
        self._stream: Stream | None = None
        self._look_at = look_at
        self._cuda = device == "cuda" or (device == "auto" and cuda_at_hand())

    @property
    def description(self) -> str:
        """Name of the weights, input sizes of the latest frames and engine; no path."""
        engine = "torch on CUDA" if self._cuda else "OpenVINO on CPU"
        used = self._stream.sizes if self._stream else []
        sizes = " then ".join(map(str, used or [self._input_size or LARGEST_PX]))
        told = [self._weights.stem, f"{sizes} px", engine]
        if self._stream and self._stream.eight_bits:
            told.append(self._stream.eight_bits.description)
        return ", ".join(told)

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        """Yield the people of each frame, in order of the frames; keeps no frame.

        Raises:
            FileNotFoundError: There are no such weights.
            vision.openvino_export.ExportFailed: The checkpoint cannot be exported.
        """
        return self._with_torch(frames) if self._cuda else self._with_openvino(frames)

    @cached_property
    def _exported(self) -> ExportedModel:
        return exported(self._weights, self._cache)

    def _with_openvino(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        model = self._exported
        people = person_classes(model.names)
        read = rows_of_end_to_end if model.end_to_end else rows_of_raw
        stream = Stream(
            model.xml,
            lambda output: read(output, people, self._confidence),
            self._input_size,
            look_at=self._look_at,
            int8=self._int8,
        )
        self._stream = stream
        for at_us, found, size in stream.found(frames):
            yield _boxes(at_us, found, size)

    def _with_torch(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        os.environ.update(ultralytics(self._cache / "ultralytics"))
        from ultralytics import YOLO

        model = YOLO(self._weights)
        people = person_classes(model.names)
        remaining = iter(frames)
        while batch := list(islice(remaining, _CUDA_BATCH)):
            results = model.predict(
                [frame.image for frame in batch],
                imgsz=self._input_size or LARGEST_PX,
                conf=self._confidence,
                iou=SAME_PERSON_IOU,
                classes=list(people),
                agnostic_nms=True,
                device="cuda",
                verbose=False,
            )
            for frame, result in zip(batch, results, strict=True):
                found = result.boxes.data.cpu().numpy().astype(np.float32)[:, :5]
                yield _boxes(frame.at_us, found, (frame.image.shape[1], frame.image.shape[0]))


def person_classes(names: Mapping[int, str]) -> tuple[int, ...]:
    """Indices of the classes that are a person: `person` where there is one, otherwise all."""
    named = tuple(index for index, name in names.items() if name.lower() == "person")
    return named or tuple(names)


def rows_of_end_to_end(output: Found, people: Sequence[int], confidence: float) -> Found:
    """People in the output of an end-to-end model: (n, 6) corners, score, class."""
    kept = np.isin(output[:, 5].astype(np.int64), people) & (output[:, 4] >= confidence)
    return output[kept, :5]


def rows_of_raw(output: Found, people: Sequence[int], confidence: float) -> Found:
    """People in the output of a model that leaves duplicates: (4 + classes, n), centre and size.

    A box is as much a person as the likeliest of its person classes says, and one person is
    reported once, whichever class saw them.
    """
    scores = output[[4 + index for index in people]].max(axis=0)
    kept = scores >= confidence
    centre, size, scores = output[:2, kept].T, output[2:4, kept].T, scores[kept]
    corners = np.hstack([centre - size / 2, size])
    once = cv2.dnn.NMSBoxes(corners.tolist(), scores.tolist(), confidence, SAME_PERSON_IOU)
    chosen = np.asarray(once, dtype=np.int64).reshape(-1)
    found = np.hstack([centre - size / 2, centre + size / 2, scores[:, None]])[chosen]
    return found.astype(np.float32)


def _boxes(at_us: int, found: Found, frame: tuple[int, int]) -> Boxes:
    limits = np.array([*frame, *frame], dtype=np.float32)
    xyxy = np.clip(found[:, :4], 0, limits)
    whole = ((xyxy[:, 2:] - xyxy[:, :2]) >= _SMALLEST_SIDE_PX).all(axis=1)
    confidence = np.clip(found[:, 4], 0, 1)
    return Boxes(at_us, xyxy[whole].astype(np.float32), confidence[whole].astype(np.float32))


def cuda_at_hand() -> bool:
    """Whether torch finds a CUDA device."""
    # Asking torch costs two seconds and 200 MB, so it is asked only where a driver is loaded.
    if not Path("/proc/driver/nvidia/version").exists():
        return False
    import torch

    return bool(torch.cuda.is_available())
