"""Labels behind an OpenEPaperLink access point: the till waits for the glass itself."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from devices.labels.openepaperlink import drive
from devices.labels.openepaperlink_errand import Timing
from devices.simulator.access_point import EmulatedAccessPoint
from devices.simulator.access_point_air import Habits, planes

GTIN = "06901815908304"
MAC = "0000021A00000001"
SPEED = 100.0
PATIENCE_S = 60.0
CONFIG = """
[[devices]]
id = "oepl-1"
kind = "label"
driver = "openepaperlink"
address = "{address}"

[[labels]]
id = "label-9"
device = "oepl-1"
template = "296x128-bwr"
mac = "{mac}"
"""


def test_a_raise_is_charged_when_the_panel_has_drawn_it(
    box: Any, eventually: Callable[..., Any]
) -> None:
    """Queued and transferred are not shown: the higher price waits for the drawn one."""
    stop = threading.Event()
    with EmulatedAccessPoint((MAC,), 1, habits=Habits(sleep_s=(40, 60)), speed=SPEED) as point:
        box.configure(CONFIG.format(address=point.url, mac=MAC))
        box.start_broker()
        box.start_gateway()
        driver = threading.Thread(
            target=drive,
            args=(box.address, "test", "oepl-1", point.url, {"label-9": MAC}, stop),
            kwargs={"timing": Timing().faster(SPEED)},
        )
        driver.start()
        try:
            product = {"gtin": GTIN, "name": "Denim jacket", "names": {"zh": "牛仔夹克"}}
            box.api.put("/products", json=[product]).raise_for_status()
            _price(box, 1999)
            box.api.post("/labels/label-9/bind", json={"gtin": GTIN}).raise_for_status()
            eventually(lambda: _told(box), lambda p: p["effective"], PATIENCE_S)
            _price(box, 2999)
            assert _told(box)["till"] == 1999
            told = eventually(lambda: _told(box), lambda p: p["effective"], PATIENCE_S)
            glass = point.glass(MAC)
        finally:
            stop.set()
            driver.join()
    (label,) = told["labels"]
    assert (told["till"], label["label"], label["state"]) == (2999, "label-9", "shown")
    assert (label["shows"], label["problems"]) == ([2999], [])
    png = box.api.get("/labels/label-9/image.png").content
    assert glass == planes(np.asarray(Image.open(io.BytesIO(png))).astype(np.intp))


def _price(box: Any, amount: int) -> None:
    change = {"changes": [{"gtin": GTIN, "amount": amount}]}
    box.api.post("/prices", json=change).raise_for_status()


def _told(box: Any) -> Any:
    return box.api.get(f"/prices/{GTIN}").raise_for_status().json()
