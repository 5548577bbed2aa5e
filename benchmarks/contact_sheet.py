"""Draw every template with some contents on one sheet: docs/labels.png.

python -m benchmarks.contact_sheet [FILE.png]
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from msgspec.structs import replace
from PIL import Image

from devices.labels.codes import digital_link
from devices.labels.layout import templates
from devices.labels.render import render
from edge.events import LabelContent

SHEET = Path(__file__).resolve().parents[1] / "docs" / "labels.png"
DESK = (196, 204, 212)
MARGIN = 16

PLAIN = LabelContent(
    "04006381333931",
    "Organic Whole Milk 3.5 %",
    124,
    "EUR",
    "",
    stock="in",
    unit_price=248,
    per="L",
)
OFFER = LabelContent(
    "05000112637922",
    "Sparkling Orange Lemonade",
    149,
    "GBP",
    "",
    promotion="SAVE 50p",
    regular=199,
    member=129,
    stock="few",
    unit_price=45,
    per="100 ml",
)
BILINGUAL = LabelContent(
    "06901234567892",
    "农夫山泉饮用天然水",
    300,
    "CNY",
    "",
    "5.45 元 / 升",
    {"en": "Nongfu Spring Water"},
    "第二件半价",
    member=250,
    stock="in",
)
CONTENTS = (PLAIN, OFFER, BILINGUAL, replace(OFFER, gtin="15000112637929"))


def pictures(size: str) -> list[list[Image.Image]]:
    """Draw the labels of a panel size: a row for each palette, a column for each content."""
    rows = [name for name in templates() if name.startswith(f"{size}-")]
    return [[_drawn(replace(content, template=name)) for content in CONTENTS] for name in rows]


def _drawn(content: LabelContent) -> Image.Image:
    qr = digital_link(content.gtin) if content.gtin[0] != "0" else None
    return Image.open(io.BytesIO(render(content, qr))).convert("RGB")


def sheet() -> Image.Image:
    """Put all labels below one another, panel size by panel size."""
    sizes = dict.fromkeys(name.partition("-")[0] for name in templates())
    blocks = sorted((pictures(size) for size in sizes), key=lambda rows: rows[0][0].width)
    width = max(len(rows[0]) * (rows[0][0].width + MARGIN) for rows in blocks) + MARGIN
    height = sum(len(rows) * (rows[0][0].height + MARGIN) for rows in blocks) + MARGIN
    paper = Image.new("RGB", (width, height), DESK)
    top = MARGIN
    for rows in blocks:
        for row in rows:
            for n, picture in enumerate(row):
                paper.paste(picture, (MARGIN + n * (picture.width + MARGIN), top))
            top += row[0].height + MARGIN
    return paper


def main() -> None:
    """Write the sheet."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else SHEET
    sheet().quantize(16, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file} written")


if __name__ == "__main__":
    main()
