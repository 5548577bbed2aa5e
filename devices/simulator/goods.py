"""What the simulated shop sells, and which label stands before which goods."""

from __future__ import annotations

from msgspec import Struct

from devices.gtin import check_digit
from devices.rfid.epc import encode_sgtin96

COMPANY_PREFIX = "6901234"
"""The shop's own GS1 company prefix (690-699 is GS1 China's range)."""


class Good(Struct, frozen=True):
    """A product: a GTIN of 14 digits, names in English and Chinese, its price in fen.

    `pack` is what is in it, and `unit` what its unit price is told for.
    """

    gtin: str
    name: str
    chinese: str
    brand: str
    price: int
    unit: str = "piece"
    pack: str = ""


class Facing(Struct, frozen=True):
    """A product's place on a shelf with the label before it; `full` units fill it."""

    label: str
    shelf: str
    gtin: str
    full: int = 12


def _gtin(item: int) -> str:
    body = f"0{COMPANY_PREFIX}{item:05d}"
    return body + check_digit(body)


_RANGE = (
    ("denim-a", 101, "Slim Jeans", "修身牛仔裤", "Indigo", 29900),
    ("denim-a", 102, "Straight Jeans", "直筒牛仔裤", "Indigo", 27900),
    ("denim-b", 103, "Denim Jacket", "牛仔夹克", "Indigo", 39900),
    ("denim-b", 104, "Denim Shirt", "牛仔衬衫", "Indigo", 25900),
    ("knitwear", 201, "Lambswool Sweater", "羊羔毛毛衣", "Fold", 35900),
    ("knitwear", 202, "Knit Cardigan", "针织开衫", "Fold", 32900),
    ("outerwear", 203, "Light Down Jacket", "轻薄羽绒服", "Fold", 69900),
    ("outerwear", 204, "Trench Coat", "经典风衣", "Fold", 59900),
    ("tees", 301, "Basic Tee", "基础T恤", "Plain", 7900),
    ("tees", 302, "Striped Tee", "条纹T恤", "Plain", 9900),
    ("shirts", 303, "Oxford Shirt", "牛津纺衬衫", "Plain", 19900),
    ("shirts", 304, "Linen Shirt", "亚麻衬衫", "Plain", 21900),
    ("sports", 305, "Running Shorts", "跑步短裤", "Stride", 12900),
    ("sports", 306, "Yoga Leggings", "瑜伽裤", "Stride", 16900),
    ("bags", 401, "Canvas Tote", "帆布托特包", "Carry", 8900),
    ("bags", 402, "City Backpack", "都市双肩包", "Carry", 25900),
    ("accessories", 403, "Leather Belt", "真皮腰带", "Carry", 15900),
    ("accessories", 404, "Wool Scarf", "羊毛围巾", "Carry", 17900),
    ("socks", 405, "Cotton Socks, 3 pairs", "棉袜三双装", "Plain", 3900),
    ("home", 501, "Scented Candle", "香薰蜡烛", "Hearth", 6900),
    ("home", 502, "Ceramic Mug", "陶瓷马克杯", "Hearth", 4500),
    ("beauty", 503, "Hand Cream", "护手霜", "Hearth", 5900),
    ("beauty", 504, "Sunscreen SPF 50", "防晒霜", "Hearth", 11900),
    ("new-in", 601, "Baseball Cap", "棒球帽", "Stride", 6900),
    ("shoes-a", 602, "Canvas Sneakers", "帆布鞋", "Stride", 19900),
    ("shoes-a", 603, "Running Shoes", "跑步鞋", "Stride", 45900),
    ("shoes-b", 604, "Leather Loafers", "真皮乐福鞋", "Carry", 39900),
    ("snacks", 701, "Roasted Nuts", "混合坚果", "Crisp", 3500),
    ("snacks", 702, "Dark Chocolate", "黑巧克力", "Crisp", 2800),
    ("snacks", 703, "Green Tea", "绿茶", "Crisp", 2500),
)
_PACKS = {
    405: ("piece", "3 pieces"),
    501: ("100 g", "180 g"),
    503: ("100 ml", "75 ml"),
    504: ("100 ml", "50 ml"),
    701: ("100 g", "250 g"),
    702: ("100 g", "100 g"),
    703: ("100 g", "50 g"),
}
_SHOWN_TWICE = (("new-in", 302), ("new-in", 402))

GOODS = tuple(
    Good(_gtin(item), name, chinese, brand, price, *_PACKS.get(item, ()))
    for _, item, name, chinese, brand, price in _RANGE
)
FACINGS = tuple(
    Facing(f"label-{number:02d}", shelf, _gtin(item))
    for number, (shelf, item) in enumerate(
        [*((shelf, item) for shelf, item, *_ in _RANGE), *_SHOWN_TWICE], start=1
    )
)


def homes(gtin: str) -> tuple[str, ...]:
    """Give the shelves where a product belongs."""
    return tuple(facing.shelf for facing in FACINGS if facing.gtin == gtin)


def epc_of(gtin: str, serial: int) -> str:
    """Give the SGTIN-96 of a unit's tag in upper-case hex."""
    return encode_sgtin96(gtin, len(COMPANY_PREFIX), serial)
