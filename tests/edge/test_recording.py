"""Recordings: what is written is read, files stay small, and neither disk nor power cut hurts."""

from __future__ import annotations

import gzip
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.commands import (
    AdjustStock,
    AdoptDevice,
    Command,
    ConfigureDevice,
    KeepPicture,
    PayBasket,
    PriceChange,
    Product,
    PutProducts,
    SetPrices,
)
from edge.errors import RecordingError
from edge.recorder import RETRY_S, Recorder
from edge.recording import Asked, Founded, Heard, Line, Linked, encode, read

T0 = round(datetime(2026, 11, 24, 6, tzinfo=UTC).timestamp() * 1000)
MILK = "04006381333931"
COMMANDS: tuple[Command, ...] = (
    PutProducts((Product(MILK, "Milk", tracking="count", names={"zh": "牛奶"}),)),
    AdjustStock(MILK, "floor", "counted", count=3),
    SetPrices((PriceChange(MILK, 199, start=T0, promotion="week"),)),
    KeepPicture("label-1", 3, "a" * 16, bytes(range(256))),
    AdoptDevice("reader-9", "rfid", {1: "shelf-a", 2: "floor"}),
    ConfigureDevice("reader-9", {"power": [1, 2.5, None], "name": "hall\n"}),
    PayBasket("lane-1", "7-lane-1-1"),
)


def written(folder: Path, *lines: Line) -> Path:
    """Write lines as a recording."""
    file = folder / "recording.jsonl"
    file.write_bytes(b"".join(map(encode, lines)))
    return file


# The format


def test_a_message_is_one_line_of_plain_json() -> None:
    """Text stays text, so that a person can read it; what is not UTF-8 is base64."""
    assert (
        encode(Heard(1, "a/b", b'{"x":1}')) == b'{"at":1,"topic":"a/b","payload":"{\\"x\\":1}"}\n'
    )
    assert encode(Heard(1, "a", b"\xff")) == b'{"at":1,"topic":"a","payload64":"/w=="}\n'
    assert encode(Linked(1, connected=True)) == b'{"at":1,"connected":true}\n'
    asked = Asked(1, PayBasket("lane-1", "b"), 4)
    command = b'{"type":"PayBasket","lane":"lane-1","basket":"b","method":"cash"}'
    assert encode(asked) == b'{"at":1,"command":' + command + b',"n":4}\n'


@given(
    messages=st.lists(
        st.tuples(st.text(), st.binary() | st.text().map(str.encode)), min_size=1, max_size=5
    )
)
def test_every_message_comes_back_as_it_was(
    messages: list[tuple[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the topic and the bytes are, empty ones, line feeds and NUL among them."""
    lines = [Heard(T0 + n, topic, payload) for n, (topic, payload) in enumerate(messages)]
    assert list(read(written(tmp_path_factory.mktemp("log"), *lines))) == lines


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_every_command_comes_back_as_it_was(command: Command, tmp_path: Path) -> None:
    """Nested products, pictures' bytes and free tables too."""
    assert list(read(written(tmp_path, Asked(T0, command, 1)))) == [Asked(T0, command, 1)]


def test_keys_that_are_not_known_are_passed_over(tmp_path: Path) -> None:
    """A later version may say more in a line."""
    file = tmp_path / "log.jsonl"
    file.write_bytes(b'{"at":1,"connected":true,"mood":"good"}\n\n{"at":2,"epoch":7}\n')
    assert list(read(file)) == [Linked(1, connected=True), Founded(2, 7)]


# The reader


def test_a_last_line_that_is_torn_is_passed_over(tmp_path: Path) -> None:
    """Wherever the power went, what was written before is there."""
    whole = [Heard(T0 + n, "t", b"x" * n) for n in range(3)]
    text = written(tmp_path, *whole).read_bytes()
    before = len(text) - len(encode(whole[-1]))
    for cut in range(before, len(text) - 1):
        torn = tmp_path / "torn.jsonl"
        torn.write_bytes(text[:cut])
        assert list(read(torn)) == whole[:2]
    torn.write_bytes(text[:-1])
    assert list(read(torn)) == whole
    torn.write_bytes(text[:before] + bytes(4096))
    assert list(read(torn)) == whole[:2]


def test_a_packed_file_that_is_cut_gives_what_is_in_it(tmp_path: Path) -> None:
    """What can be unpacked is read; a file that is no packed one is an error."""
    lines = [Heard(T0 + n, "t", os.urandom(500)) for n in range(2000)]
    packed = gzip.compress(b"".join(map(encode, lines)))
    file = tmp_path / "log.jsonl.gz"
    file.write_bytes(packed[: len(packed) // 2])
    found = list(read(file))
    assert 0 < len(found) < len(lines)
    assert found == lines[: len(found)]
    file.write_bytes(b"plain")
    with pytest.raises(RecordingError, match=r"log\.jsonl\.gz:1: expected a file that gzip can"):
        list(read(file))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "2: expected a JSON object, came '{'"),
        ("[]", "2: expected object, came array"),
        ('{"topic":"t","payload":""}', "2: expected"),
        ('{"at":"now","connected":true}', "2: expected int as at, came str"),
        ('{"at":-1,"connected":true}', "2: expected int >= 0 as at, came"),
        ('{"at":1,"command":{"type":"Fly"}}', "2: expected"),
        ('{"at":1,"topic":"t"}', "2: expected a line with topic and payload"),
        ('{"at":1}', "2: expected a line with topic and payload"),
    ],
)
def test_a_line_that_is_none_is_told_with_its_place(tmp_path: Path, line: str, told: str) -> None:
    """File, line, what was expected and what came."""
    file = tmp_path / "log.jsonl"
    file.write_text(f'{{"at":1,"connected":true}}\n{line}\n{{"at":2,"connected":true}}\n')
    with pytest.raises(RecordingError) as fault:
        list(read(file))
    assert str(fault.value).startswith(f"{file}:{told}")
    assert fault.value.line == 2


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    """Packed or not; of a file that was being packed when the power went, one is read."""
    lines = [Heard(T0 + n, "t", b"%d" % n) for n in range(3)]
    (tmp_path / "recording-2.jsonl").write_bytes(encode(lines[1]))
    (tmp_path / "recording-2.jsonl.gz.part").write_bytes(b"half")
    (tmp_path / "recording-3.jsonl").write_bytes(encode(lines[2]))
    for name in ("recording-1.jsonl.gz", "recording-3.jsonl.gz"):
        line = lines[0] if "1" in name else lines[2]
        (tmp_path / name).write_bytes(gzip.compress(encode(line)))
    assert list(read(tmp_path)) == lines


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    """An empty folder, or nothing at all."""
    with pytest.raises(RecordingError, match="came an empty folder"):
        list(read(tmp_path))
    with pytest.raises(RecordingError, match="came nothing there"):
        list(read(tmp_path / "nowhere"))


# The recorder


def recorder(folder: Path, *, epoch: int | None = None, most: int = 10**9) -> Recorder:
    """Give a recorder with small files."""
    return Recorder(folder, max_bytes=most, file_bytes=2000, epoch=epoch)


def names(folder: Path) -> list[str]:
    """Give the names of all files."""
    return sorted(file.name for file in folder.iterdir())


def messages(first: int, number: int) -> list[Heard]:
    """Give so many messages, one a second."""
    return [Heard(T0 + n * 1000, "t", b"%090d" % n) for n in range(first, first + number)]


def test_a_full_file_is_packed_and_the_next_one_begins(tmp_path: Path) -> None:
    """No file is larger than asked for, names tell their beginning, and nothing is lost."""
    keeper, lines = recorder(tmp_path), messages(0, 100)
    assert all(keeper.write(lines[n : n + 7]) for n in range(0, 100, 7))
    keeper.close()
    found = names(tmp_path)
    assert found[0].startswith("recording-20261124T060000.000Z.jsonl")
    assert found[1].startswith("recording-20261124T060014.000Z.jsonl")
    assert len(found) == 8
    assert found[0].endswith(".gz")
    assert all(file.stat().st_size <= 2000 for file in tmp_path.iterdir())
    assert list(read(tmp_path)) == lines


def test_a_line_larger_than_a_file_has_one_of_its_own(tmp_path: Path) -> None:
    """It is not torn, and no file is empty."""
    keeper = recorder(tmp_path, epoch=7)
    large = [Heard(T0 + n, "t", b"x" * 3000) for n in range(3)]
    assert keeper.write(large)
    keeper.close()
    assert len(names(tmp_path)) == 3
    assert [line for line in read(tmp_path) if isinstance(line, Heard)] == large


def test_each_file_can_be_read_alone(tmp_path: Path) -> None:
    """It tells the epoch, and whether the link stands."""
    keeper = recorder(tmp_path, epoch=7)
    keeper.write([Linked(T0, connected=True), *messages(0, 30)])
    keeper.close()
    for n, file in enumerate(names(tmp_path)):
        head = list(read(tmp_path / file))[:2]
        assert isinstance(head[0], Founded)
        assert head == [Founded(head[0].at, 7), Linked(head[0].at, connected=True, n=n + 1)]


def test_the_oldest_files_go_when_there_are_too_many(tmp_path: Path) -> None:
    """All together stay below the limit; what is left is the newest, without a gap."""
    keeper, lines = recorder(tmp_path, most=6000), messages(0, 400)
    for n in range(0, 400, 5):
        keeper.write(lines[n : n + 5])
    keeper.close()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 6000
    left = list(read(tmp_path))
    assert 15 < len(left) < 400
    assert left == lines[-len(left) :]


def test_a_new_start_tells_that_nobody_recorded_meanwhile(tmp_path: Path) -> None:
    """From the last line on, the link counts as away; numbers begin anew."""
    for start in (0, 10):
        keeper = recorder(tmp_path)
        keeper.write([Linked(T0 + start * 1000, connected=True), *messages(start, 2)])
        keeper.close()
    assert list(read(tmp_path)) == [
        Linked(T0, connected=True, n=1),
        *messages(0, 2),
        Linked(T0 + 1001, connected=False, n=1),
        Linked(T0 + 10_000, connected=True, n=2),
        *messages(10, 2),
    ]


def test_names_sort_even_if_the_clock_was_set_back(tmp_path: Path) -> None:
    """What was written later is read later."""
    for start in (100, 50, 0):
        keeper = recorder(tmp_path)
        keeper.write(messages(start, 1))
        keeper.close()
    assert [line for line in read(tmp_path) if isinstance(line, Heard)] == [
        *messages(100, 1),
        *messages(50, 1),
        *messages(0, 1),
    ]


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes, as a disk that is full would not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_once_and_recording_goes_on_when_there_is_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the disk did not take is missing as a whole, and the gap is told."""
    keeper = recorder(tmp_path)
    assert keeper.write([Linked(T0, connected=True), *messages(0, 3)])
    with full_disk(700):
        assert not keeper.write(messages(3, 5))
        assert not keeper.write(messages(8, 5))
        time.sleep(RETRY_S)
        assert not keeper.write(messages(13, 100))
    time.sleep(RETRY_S)
    assert keeper.write(messages(113, 2))
    keeper.close()
    assert list(read(tmp_path)) == [
        Linked(T0, connected=True, n=1),
        *messages(0, 3),
        Linked(T0 + 2001, connected=False, n=4),
        Linked(T0 + 113_000, connected=True, n=5),
        *messages(113, 2),
    ]
    told = capsys.readouterr().out
    assert told.count("recording stopped until the disk takes it again") == 1
    assert "recording goes on" in told
    assert "missed=110" in told


def test_a_folder_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    """The link's state is not forgotten over it."""
    folder = tmp_path / "deep" / "recordings"
    folder.parent.write_text("in the way")
    keeper = recorder(folder)
    assert not keeper.write([Linked(T0, connected=True)])
    folder.parent.unlink()
    time.sleep(RETRY_S)
    assert keeper.write(messages(0, 1))
    keeper.close()
    assert list(read(folder)) == [Linked(T0, connected=True, n=1), *messages(0, 1)]


def test_a_recorder_that_never_wrote_leaves_nothing(tmp_path: Path) -> None:
    """No folder, no file."""
    keeper = recorder(tmp_path / "recordings")
    keeper.close()
    assert names(tmp_path) == []
