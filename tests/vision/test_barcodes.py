"""Scanning codes: real photographs with known texts, and the rules that keep wrong codes out."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zxingcpp
from zxingcpp import BarcodeFormat as Format

from vision.barcodes import Evidence, Step, ladder, scan, scan_file
from vision.crops import Views
from vision.decoders import Code, PyzbarDecoder, ZxingDecoder

if TYPE_CHECKING:
    from vision.decoders import Pixels

LEAST_READ = {
    "AZTEC": 21,
    "CODE128": 25,
    "DATABAR14": 9,
    "DATABAREXP": 82,
    "DATABAREXPSTK": 35,
    "DATABARLTD": 2,
    "DATAMATRIX": 39,
    "EAN13": 69,
    "EAN8": 6,
    "EANEXT": 8,
    "PDF417": 27,
    "QR": 98,
    "UPCA": 60,
    "UPCE": 35,
}
PATIENT = 5000.0  # ms, so that a busy machine reads what an idle one does
LEFT = ((10, 10), (110, 10), (110, 60), (10, 60))
RIGHT = ((500, 10), (600, 10), (600, 60), (500, 60))


def plain(text: str) -> str:
    """Leave out what the truth file writes differently: brackets, FNC1, line ends, escapes."""
    return re.sub(r"[\x00-\x1f\s()\[\]\\]", "", text)[:200]


def truth(row: dict[str, str]) -> str:
    """Give a row's text as a scanner sends it: no add-on digits, DataBar with its (01)."""
    text = row["text"]
    if row["symbology"] == "EANEXT":
        text = text[:13].removeprefix("0")
    if row["symbology"] == "DATABAR14" and not text.startswith("01"):
        text = f"01{text}"
    return plain(text)


def drawn(text: str, form: Format, scale: int = 3, *, gs1: bool = False) -> Pixels:
    """Draw a code with its quiet zone."""
    barcode = zxingcpp.create_barcode(text, form, **({"gs1": True} if gs1 else {}))
    return np.array(barcode.to_image(scale=scale), np.uint8)


@pytest.fixture
def rows(shared_data: Path) -> list[dict[str, str]]:
    """Give the truth of the photographs, with whole paths."""
    folder = shared_data / "barcodes"
    with (folder / "expected.csv").open(encoding="utf-8") as file:
        return [{**row, "file": str(folder / row["file"])} for row in csv.DictReader(file)]


def test_real_photographs_are_read_at_the_measured_rates(rows: list[dict[str, str]]) -> None:
    """Each symbology is read at least as often as measured, with at most three wrong texts."""
    read: Counter[str] = Counter()
    wrong = []
    for row in rows:
        if row["symbology"] in LEAST_READ:
            codes = scan_file(Path(row["file"]), budget_ms=PATIENT).codes
            right = truth(row) in [plain(code.text) for code in codes]
            read[row["symbology"]] += right
            wrong += [row["file"]] if codes and not right else []
    assert {kind: n for kind, n in read.items() if n < LEAST_READ[kind]} == {}
    assert len(wrong) <= 3, wrong


def test_nothing_is_read_where_there_is_no_code(rows: list[dict[str, str]]) -> None:
    """Not one of the pictures without a code gives a code."""
    empty = [row["file"] for row in rows if row["symbology"] == "NONE"]
    invented = [found for file in empty if (found := scan_file(Path(file))).codes]
    assert len(empty) > 50
    assert invented == []


def test_symbologies_carry_the_names_of_the_contract(rows: list[dict[str, str]]) -> None:
    """Each kind of code is reported under its own lower-case name."""
    names = defaultdict(set)
    for row in rows[::3]:
        for code in scan_file(Path(row["file"])).codes:
            names[row["symbology"]].add(code.symbology)
    assert names["EAN13"] == {"ean13"}
    assert names["UPCE"] == {"upce"}
    assert names["QR"] == {"qr"}
    assert names["DATAMATRIX"] == {"datamatrix"}
    assert "databar_expanded" in names["DATABAREXP"]


def test_fnc1_stays_a_group_separator() -> None:
    """An element string keeps U+001D where a field of variable length ends."""
    (code,) = scan(drawn("(01)04012345678901(10)AB12(21)7", Format.DataMatrix, gs1=True))
    assert (code.symbology, code.text) == ("datamatrix", "010401234567890110AB12\x1d217")


def test_upc_a_is_reported_as_printed() -> None:
    """A UPC-A has its twelve digits although its bars are an EAN-13 with a leading zero."""
    (code,) = scan(drawn("036000291452", Format.UPCA))
    assert (code.symbology, code.text) == ("upca", "036000291452")


def test_a_turned_code_is_placed_in_the_picture() -> None:
    """The polygon of a code lies where the code is, in pixels of the picture given."""
    picture = np.full((400, 700, 3), 255, np.uint8)
    bars = drawn("4006381333931", Format.EAN13)
    picture[100 : 100 + bars.shape[0], 300 : 300 + bars.shape[1]] = bars[..., None]
    (code,) = scan(picture)
    assert code.text == "4006381333931"
    assert all(295 <= x <= 305 + bars.shape[1] for x, _ in code.polygon)
    assert all(95 <= y <= 105 + bars.shape[0] for _, y in code.polygon)


def test_short_codes_need_a_second_witness() -> None:
    """An EAN-8 that one decoder alone saw is not accepted; a second step's agreement is."""
    picture = drawn("96385074", Format.EAN8)
    alone = (Step(ZxingDecoder(), Views.whole), Step(ZxingDecoder(thorough=True), Views.whole))
    assert scan(picture, steps=alone) == ()
    assert [code.text for code in scan(picture, budget_ms=PATIENT)] == ["96385074"]


def test_itf_is_accepted_as_itf_14_only() -> None:
    """A shorter ITF is refused, since fragments of long ones look like it."""
    assert scan(drawn("15400141288763", Format.ITF))[0].symbology == "itf14"
    assert scan(drawn("2167361334", Format.ITF)) == ()


def test_in_store_numbers_need_a_second_witness() -> None:
    """A number that carries a price or a weight counts once two steps agree."""
    picture = drawn("2912345006785", Format.EAN13)
    assert scan(picture, steps=(Step(ZxingDecoder(), Views.whole),)) == ()
    assert [code.text for code in scan(picture, budget_ms=PATIENT)] == ["2912345006785"]


def test_contradicting_codes_in_one_place_are_not_accepted() -> None:
    """Two texts for the same bars cancel out, two products side by side do not."""
    step, evidence, apart = Step(ZxingDecoder(), Views.whole), Evidence(), Evidence()
    one = Code("4006381333931", "ean13", "zxing", LEFT)
    evidence.add(step, (one, Code("8410054010412", "ean13", "zxing", LEFT)))
    apart.add(step, (one, Code("8410054010412", "ean13", "zxing", RIGHT)))
    assert evidence.accepted() == ()
    assert len(apart.accepted()) == 2


def test_both_decoders_speak_the_same_words() -> None:
    """One port, one contract: the same pictures give the same texts and names."""
    for text, form in (
        ("4006381333931", Format.EAN13),
        ("036000291452", Format.UPCA),
        ("01234531", Format.UPCE),
        ("96385074", Format.EAN8),
        ("ABC-1234", Format.Code128),
        ("https://id.gs1.org/01/09506000134352", Format.QRCode),
    ):
        picture = drawn(text, form)
        mine = {(c.text, c.symbology) for c in ZxingDecoder().read(picture)}
        theirs = {(c.text, c.symbology) for c in PyzbarDecoder().read(picture)}
        assert mine == theirs == {(text, mine.copy().pop()[1])}


def test_the_ladder_stands_without_pyzbar() -> None:
    """With zxing-cpp alone, plain codes are still read."""
    codes = scan(drawn("4006381333931", Format.EAN13), steps=ladder(None))
    assert [code.decoder for code in codes] == ["zxing"]


def test_a_missing_libzbar_is_said_once(tmp_path: Path) -> None:
    """Where pyzbar cannot load its library, a warning names the package and scanning goes on."""
    stub = tmp_path / "pyzbar" / "__init__.py"
    stub.parent.mkdir()
    stub.write_text("raise ImportError('Unable to find zbar shared library')\n")
    script = (
        "import numpy; from vision.barcodes import scan; "
        "print([scan(numpy.full((60, 60), 255, numpy.uint8)) for _ in range(2)])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "[(), ()]\n"
    assert run.stderr.count("libzbar0") == 1


@pytest.mark.parametrize("content", [b"not a picture", b"", b"\x89PNG\r\n\x1a\n broken"])
def test_a_file_that_is_no_picture_gives_a_sentence(tmp_path: Path, content: bytes) -> None:
    """A broken or foreign file is an error text with its name, not a crash."""
    file = tmp_path / "invoice.pdf"
    file.write_bytes(content)
    found = scan_file(file)
    assert found.codes == ()
    assert found.error is not None
    assert "invoice.pdf: expected a picture" in found.error


def test_a_missing_file_gives_a_sentence(tmp_path: Path) -> None:
    """A name that does not exist is reported like any other file that cannot be read."""
    assert "No such file" in (scan_file(tmp_path / "gone.png").error or "")
