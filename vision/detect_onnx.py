"""A person detector that the shop supplies as an ONNX file, run by OpenCV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import MediaError
from vision.blobs import Body
from vision.detect import Box, Image, Sight, work_shape
from vision.detect_boxes import Boxes, boxes_of

GREY = 114
"""What fills the rest of a letterbox, as the YOLO family was trained with."""
LEAST_SCORE, OVERLAP = 0.35, 0.5


@dataclass(frozen=True, slots=True)
class Model:
    """An ONNX file, its input (width by height in pixels), and the number of the class person."""

    path: Path
    width: int = 640
    height: int = 640
    person: int = 0
    least_score: float = LEAST_SCORE


class OnnxDetector:
    """Finds bodies with a model whose output is one of those that `boxes_of` reads."""

    def __init__(self, model: Model) -> None:
        """Read the model; raises MediaError when it cannot be read."""
        if not model.path.is_file():
            raise MediaError(f"expected an ONNX model, came {model.path}: no such file")
        try:
            self._net = cv2.dnn.readNetFromONNX(str(model.path))
        except cv2.error as error:
            raise MediaError(
                f"expected an ONNX model that OpenCV reads, came {model.path}: {error.err}"
            ) from error
        self._model = model

    def find(self, frame: Image, _people: Callable[[], Sequence[Box]]) -> Sight:
        """Give the people in a picture, in pixels of `work_shape`."""
        boxed, scale = letterboxed(frame, self._model.width, self._model.height)
        self._net.setInput(cv2.dnn.blobFromImage(boxed, 1 / 255, swapRB=True))
        outputs = self._net.forward(self._net.getUnconnectedOutLayersNames())
        arrays = [np.asarray(output, np.float32) for output in outputs]
        shape = (self._model.width, self._model.height)
        found = kept(boxes_of(arrays, self._model.person, shape), self._model.least_score)
        scale *= frame.shape[1] / work_shape(frame)[1]
        return Sight([_body(corners / scale) for corners in found])


def letterboxed(frame: Image, width: int, height: int) -> tuple[Image, float]:
    """Fit a picture into the upper left of width by height; gives it and the scale."""
    rows, columns = frame.shape[:2]
    scale = min(width / columns, height / rows)
    fitted = cv2.resize(frame, (round(columns * scale), round(rows * scale)))
    boxed = np.full((height, width, 3), GREY, np.uint8)
    boxed[: fitted.shape[0], : fitted.shape[1]] = fitted
    return boxed, scale


def kept(boxes: Boxes, least: float) -> NDArray[np.float32]:
    """Give the corners (n by 4) that score enough, without those that overlap a better one."""
    corners = boxes.corners
    sides = np.concatenate((corners[:, :2], corners[:, 2:] - corners[:, :2]), axis=1)
    best = cv2.dnn.NMSBoxes(sides.tolist(), boxes.scores.tolist(), least, OVERLAP)
    return corners[np.asarray(best, np.intp).ravel()]


def _body(corners: NDArray[np.float32]) -> Body:
    left, top, right, bottom = (float(value) for value in corners)
    width, height = right - left, bottom - top
    return Body(left, top, width, height, width * height)
