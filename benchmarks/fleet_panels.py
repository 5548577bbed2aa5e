"""What the panels of `benchmarks.fleet` truly show: bytes on a glass, read back as a price."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import httpx
import numpy as np
from PIL import Image

from benchmarks.fleet_goods import Facing
from benchmarks.fleet_shop import Shop
from devices.simulator.access_point_air import planes

AT_ONCE = 200
KEPT = ("sent", "shown")  # in these states the label's row names the picture of its amount


class Untrue(Exception):  # noqa: N818  (as Overcharged)
    """A label is said to show its price, and its panel does not."""


class Panels:
    """Knows every picture that the gateway has kept, as the access points convert it.

    A panel is told by its bytes alone: whatever gateway, driver and access point believe.
    """

    def __init__(self, shop: Shop) -> None:
        """Know nothing yet."""
        self._shop = shop
        self._known: set[str] = set()
        self._prices: dict[bytes, tuple[str, int]] = {}

    def learn(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Fetch pictures in these rows of `GET /labels` that are new, a few at a time."""
        new = (r for r in rows if r["state"] in KEPT and r["image"] not in self._known)
        for row in islice(new, AT_ONCE):
            answer = self._shop.api.get(f"/labels/{row['label']}/image.png")
            # Another one than in the row: it comes with the next rows.
            if answer.status_code == httpx.codes.OK and row["image"] in answer.headers["etag"]:
                self._known.add(row["image"])
                self._prices[_converted(answer.content)] = (row["gtin"], row["amount"])

    def knows(self, glass: bytes) -> bool:
        """Tell whether this is an empty glass, or a picture that was fetched."""
        return not glass or glass in self._prices

    def price(self, glass: bytes, gtin: str) -> int | None:
        """Give the price that a glass shows for a product; None where it shows none for it."""
        shown, amount = self._prices.get(glass, ("", 0))
        return amount if shown == gtin else None

    def unread(self, facings: Iterable[Facing], wanted: Mapping[str, int]) -> list[str]:
        """Name the labels whose panel cannot be read yet, of some that said that they are right.

        Raises Untrue where a panel shows something else than it was told to.
        """
        unread = []
        for facing in facings:
            glass, amount = self._shop.glass(facing), wanted[facing.label]
            if not self.knows(glass):
                unread.append(facing.label)
            elif (shown := self.price(glass, facing.gtin)) != amount:
                raise Untrue(f"{facing.label} is said to show {amount}, it shows {shown}")
        return unread


def _converted(png: bytes) -> bytes:
    """Convert as the access point does: the driver's JPEG keeps every pixel, or is not sent."""
    return planes(np.asarray(Image.open(io.BytesIO(png))).astype(np.intp))
