"""A detector's network on a CPU: frames in, raw output out, several at once.

Belongs here: fitting a frame into the network's input and keeping requests in flight. Does not
belong here: what the output means (`vision.yolo`).
"""

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.protocols import Image

Found = NDArray[np.float32]
"""(n, 5): x_min, y_min, x_max, y_max, score."""

_STRIDE = 32
_PADDING = 114


@dataclass(frozen=True, slots=True)
class Fit:
    """How a frame lies in the network's input: scaled, top left, padded to whole strides.

    Attributes:
        frame: Width and height of the frame, pixels.
        scaled: Width and height of the frame in the input.
        network: Width and height of the input.
        scale: Input pixels per frame pixel.
    """

    frame: tuple[int, int]
    scaled: tuple[int, int]
    network: tuple[int, int]
    scale: float

    @classmethod
    def of(cls, frame: tuple[int, int], longer_side: int) -> "Fit":
        """Fit a frame so that its longer side becomes `longer_side`, the shape kept."""
        scale = longer_side / max(frame)
        width, height = (max(1, round(side * scale)) for side in frame)
        network = (-(-width // _STRIDE) * _STRIDE, -(-height // _STRIDE) * _STRIDE)
        return cls(frame, (width, height), network, scale)

    def parts(self) -> list["Fit"]:
        """Windows of the frame at the same scale: a quarter of it, and half of its width."""
        half = [max(_STRIDE, -(-side // 2 // _STRIDE) * _STRIDE) for side in self.network]
        sizes = [(half[0], half[1]), (half[0], self.network[1])]
        return [self._part(size) for size in sizes if size != self.network]

    def _part(self, network: tuple[int, int]) -> "Fit":
        width, height = (
            min(whole, int(side / self.scale))
            for whole, side in zip(self.frame, network, strict=True)
        )
        scaled = (
            min(network[0], round(width * self.scale)),
            min(network[1], round(height * self.scale)),
        )
        return Fit((width, height), scaled, network, self.scale)


class Engine:
    """A network compiled for frames of one size, with requests that run side by side.

    Args:
        model: OpenVINO IR with a dynamic (1, 3, height, width) input of RGB in 0..1, or such a
            network in memory.
        fit: How frames lie in its input.
    """

    def __init__(self, model: Path | Any, fit: Fit) -> None:
        import openvino as ov
        from openvino.preprocess import ColorFormat, PrePostProcessor

        core = ov.Core()
        network = core.read_model(model) if isinstance(model, Path) else model.clone()
        network.reshape([1, 3, fit.network[1], fit.network[0]])
        # Frames go in as they are decoded; the colour order and scale become part of the network.
        steps = PrePostProcessor(network)
        steps.input().tensor().set_element_type(ov.Type.u8).set_layout(
            ov.Layout("NHWC")
        ).set_color_format(ColorFormat.BGR)
        steps.input().model().set_layout(ov.Layout("NCHW"))
        steps.input().preprocess().convert_element_type(ov.Type.f32).convert_color(
            ColorFormat.RGB
        ).scale(255.0)
        compiled = core.compile_model(steps.build(), "CPU", {"PERFORMANCE_HINT": "THROUGHPUT"})
        # More than run at once, so that the next frame waits ready, and two windows of one frame.
        count = max(3, int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")) + 1)
        self.fit = fit
        self._idle: deque[Any] = deque(compiled.create_infer_request() for _ in range(count))
        for request in self._idle:
            request.get_input_tensor().data[:] = _PADDING

    @property
    def is_idle(self) -> bool:
        """Whether a request waits for a frame."""
        return bool(self._idle)

    def start(self, image: Image) -> Any:
        """Begin with `image` in an idle request, which is returned; copies the image."""
        request = self._idle.popleft()
        _put(image, self.fit, request.get_input_tensor().data[0])
        request.start_async()
        return request

    def result(self, request: Any) -> NDArray[np.float32]:
        """Wait for a request that was begun; return a copy of its output without the batch axis.

        After that the request is idle.
        """
        request.wait()
        output: NDArray[np.float32] = request.get_output_tensor(0).data[0].astype(np.float32)
        self._idle.append(request)
        return output


def fitted(image: Image, fit: Fit) -> Image:
    """A frame as the network sees it, (height, width, 3) of its input."""
    result = np.full((fit.network[1], fit.network[0], 3), _PADDING, np.uint8)
    _put(image, fit, result)
    return result


def _put(image: Image, fit: Fit, target: Image) -> None:
    width, height = fit.scaled
    target[:height, :width] = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
