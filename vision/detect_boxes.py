"""What detectors put out: three families of arrays, one list of boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.errors import MediaError

Floats = NDArray[np.float32]

END_TO_END = 6
"""left, top, right, bottom, score, class: YOLOv10 and exports with NMS."""
SSD = 7
"""picture, class, score, left, top, right, bottom: DetectionOutput of Caffe, OpenVINO and SSD."""
BOX = 4


@dataclass(frozen=True, slots=True)
class Boxes:
    """Corners (n by 4: left, top, right, bottom in pixels of the input) with n scores."""

    corners: Floats
    scores: Floats


def boxes_of(outputs: list[Floats], person: int, shape: tuple[int, int]) -> Boxes:
    """Read the boxes of a class; `shape` is the input's width and height.

    Knows [1, N, 6], [1, 4 + classes, N] (YOLOv8, v9, v11), [1, 1, N, 7], and the pair
    [1, N, 4] with [1, N, classes]. Raises MediaError for any other.
    """
    if len(outputs) > 1:
        return _pair(outputs, person, shape)
    (output,) = outputs
    rows = output.reshape(-1, output.shape[-1])
    if output.shape[-1] == SSD:
        return _ssd(rows, person, shape)
    if output.shape[-1] == END_TO_END:
        mine = rows[rows[:, 5].round() == person]
        return Boxes(mine[:, :4], mine[:, 4])
    if output.ndim == 3 and output.shape[1] > BOX + person:  # noqa: PLR2004  (1, 84, N)
        return _columns(output[0], person)
    raise _unknown(outputs)


def _ssd(rows: Floats, person: int, shape: tuple[int, int]) -> Boxes:
    mine = rows[(rows[:, 1].round() == person) & (rows[:, 0] >= 0)]
    return Boxes(mine[:, 3:] * np.array([*shape, *shape], np.float32), mine[:, 2])


def _columns(output: Floats, person: int) -> Boxes:
    middle, half = output[:2].T, output[2:BOX].T / 2
    return Boxes(np.concatenate((middle - half, middle + half), axis=1), output[BOX + person])


def _pair(outputs: list[Floats], person: int, shape: tuple[int, int]) -> Boxes:
    boxes = [output for output in outputs if output.shape[-1] == BOX]
    scores = [output for output in outputs if output.shape[-1] != BOX]
    if len(boxes) != 1 or len(scores) != 1 or scores[0].shape[-1] <= person:
        raise _unknown(outputs)
    corners = boxes[0].reshape(-1, BOX) * np.array([*shape, *shape], np.float32)
    return Boxes(corners, scores[0].reshape(-1, scores[0].shape[-1])[:, person])


def _unknown(outputs: list[Floats]) -> MediaError:
    shapes = ", ".join(str(output.shape) for output in outputs)
    return MediaError(
        "expected a detector's output of [1, N, 6], [1, 4 + classes, N], [1, 1, N, 7] or the pair "
        f"[1, N, 4] and [1, N, classes], came {shapes}; export the model in one of these"
    )
