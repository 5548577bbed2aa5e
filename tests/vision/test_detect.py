"""Detectors: whatever finds the bodies, boxes come out, and the same rules count them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from edge.errors import MediaError
from vision.capture import Frame
from vision.count import Counter
from vision.detect import reduced, work_shape
from vision.detect_boxes import Floats, boxes_of
from vision.detect_onnx import Model, OnnxDetector, kept, letterboxed
from vision.lines import Line

SIDE = 64
DOOR = Line("door", (0.05, 0.5), (0.95, 0.5))


def field(number: int, value: bytes | str | int) -> bytes:
    """Encode one field of a protobuf message (a number below 128, or bytes)."""
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def varint(value: int) -> bytes:
    """Encode an integer in groups of seven bits."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def tensor(name: str, values: Floats) -> bytes:
    """Encode a TensorProto of float32."""
    dims = b"".join(field(1, dim) for dim in values.shape)
    return dims + field(2, 1) + field(8, name) + field(9, values.astype("<f4").tobytes())


def value_info(name: str, shape: tuple[int, ...]) -> bytes:
    """Encode a ValueInfoProto of float32."""
    dims = b"".join(field(1, field(1, dim)) for dim in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def node(kind: str, inputs: list[str], output: str) -> bytes:
    """Encode a NodeProto without attributes."""
    return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind)


def model_of(path: Path, fixed: Floats, by_row: Floats) -> Path:
    """Write a model whose output is `fixed` plus `by_row` times the picture's mean.

    A picture of one grey level is thus a picture of a person at the height that its level tells.
    """
    shape = fixed.shape
    graph = (
        field(1, node("GlobalAveragePool", ["picture"], "pooled"))
        + field(1, node("Conv", ["pooled", "mix"], "mean"))
        + field(1, node("Mul", ["mean", "by_row"], "moved"))
        + field(1, node("Add", ["moved", "fixed"], "boxes"))
        + field(2, "tiny")
        + field(5, tensor("mix", np.full((1, 3, 1, 1), 1 / 3, np.float32)))
        + field(5, tensor("by_row", by_row.reshape(1, 1, *shape[-2:])))
        + field(5, tensor("fixed", fixed.reshape(1, 1, *shape[-2:])))
        + field(11, value_info("picture", (1, 3, SIDE, SIDE)))
        + field(12, value_info("boxes", (1, 1, *shape[-2:])))
    )
    opset = field(2, 13)
    path.write_bytes(field(1, 7) + field(7, graph) + field(8, opset))
    return path


def test_a_model_of_the_shop_finds_its_person(tmp_path: Path) -> None:
    """A box of the class that was asked for comes out, in pixels of the reduced picture."""
    rows = np.array([[[8, 4, 24, 44, 0.9, 0], [30, 4, 40, 44, 0.9, 2]]], np.float32)
    path = model_of(tmp_path / "tiny.onnx", rows, np.zeros_like(rows))
    detector = OnnxDetector(Model(path, SIDE, SIDE))
    (body,) = detector.find(np.zeros((512, 512, 3), np.uint8), list).bodies
    assert (body.left, body.top, body.width, body.height) == (32, 16, 64, 160)
    assert detector.find(np.zeros((512, 512, 3), np.uint8), list).bodies == [body]


def test_the_same_rules_count_a_model_s_people(tmp_path: Path) -> None:
    """A box that moves down the picture crosses the line once, inwards."""
    rows = np.array([[[24, -20, 40, 0, 0.9, 0]]], np.float32)
    slope = np.array([[[0, SIDE, 0, SIDE, 0, 0]]], np.float32)
    path = model_of(tmp_path / "tiny.onnx", rows, slope)
    counter = Counter(10, (DOOR,), (), detector=OnnxDetector(Model(path, SIDE, SIDE)))
    crossed = []
    for number in range(40):
        picture = np.full((256, 256, 3), 40 + 5 * number, np.uint8)
        crossed += counter.look(Frame(number, number * 100, picture))[0]
    assert crossed == [("door", "in")]


def test_a_yolo_with_a_column_for_each_box_is_read() -> None:
    """[1, 4 + classes, N]: middles and sizes, and the scores of the class that was asked for."""
    output = np.zeros((1, 84, 3), np.float32)
    output[0, :4, 1] = 50, 40, 20, 30
    output[0, 4 + 7, 1] = 0.8
    boxes = boxes_of([output], 7, (640, 640))
    assert boxes.corners[1].tolist() == [40, 25, 60, 55]
    assert boxes.scores.tolist() == pytest.approx([0, 0.8, 0])


def test_an_ssd_is_read() -> None:
    """[1, 1, N, 7]: corners are shares of the input; an empty row has no picture."""
    row = [0, 1, 0.7, 0.25, 0.5, 0.5, 1.0]
    output = np.array([[[row, [-1, 1, 0, 0, 0, 0, 0]]]], np.float32)
    boxes = boxes_of([output], 1, (300, 200))
    assert boxes.corners.tolist() == [[75, 100, 150, 200]]


def test_a_pair_of_boxes_and_scores_is_read() -> None:
    """[1, N, 4] with [1, N, classes], in whichever order they come."""
    corners, scores = np.array([[[0, 0, 0.5, 1]]]), np.array([[[0.1, 0.9]]])
    outputs = [scores.astype(np.float32), corners.astype(np.float32)]
    boxes = boxes_of(outputs, 1, (320, 240))
    assert boxes.corners.tolist() == [[0, 0, 160, 240]]
    assert boxes.scores.tolist() == pytest.approx([0.9])


def test_an_output_that_nobody_knows_is_refused() -> None:
    """The error names the shapes that are known and the one that came."""
    with pytest.raises(MediaError, match=r"\(1, 3\)"):
        boxes_of([np.zeros((1, 3), np.float32)], 0, (64, 64))


def test_overlapping_boxes_are_one() -> None:
    """Of two boxes on one person the better one stays, of a weak one nothing."""
    rows = np.array(
        [[[0, 0, 20, 40, 0.7, 0], [1, 0, 21, 40, 0.9, 0], [50, 0, 60, 40, 0.1, 0]]], np.float32
    )
    assert kept(boxes_of([rows], 0, (64, 64)), 0.35).tolist() == [[1, 0, 21, 40]]
    assert len(kept(boxes_of([rows[:, :0]], 0, (64, 64)), 0.35)) == 0


def test_a_letterbox_keeps_the_shape_of_people() -> None:
    """A wide picture is scaled by one number both ways; the rest is grey."""
    boxed, scale = letterboxed(np.zeros((90, 160, 3), np.uint8), 64, 64)
    assert scale == pytest.approx(0.4)
    assert boxed.shape == (64, 64, 3)
    assert not boxed[:36].any()
    assert (boxed[36:] == boxed[63, 63]).all()


def test_a_model_that_is_none_is_refused(tmp_path: Path) -> None:
    """A file that is missing and one that is no model are both named."""
    with pytest.raises(MediaError, match=r"gone\.onnx"):
        OnnxDetector(Model(tmp_path / "gone.onnx"))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(struct.pack("<I", 7))
    with pytest.raises(MediaError, match=r"broken\.onnx"):
        OnnxDetector(Model(broken))


@pytest.mark.parametrize(("width", "work"), [(160, 160), (240, 240), (640, 320), (1920, 240)])
def test_pictures_are_reduced_by_whole_factors(width: int, work: int) -> None:
    """Whatever the camera sends, the work is done on about 240 columns."""
    frame = np.zeros((90, width, 3), np.uint8)
    assert reduced(frame).shape[:2] == work_shape(frame)
    assert work_shape(frame)[1] == work
