"""A technician's snapshot over a real broker: it reaches the technician, and nobody's disk."""

from __future__ import annotations

import gzip
import json
import secrets
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.agent import Agent
from edge.processes import command

MORE = """
[recording]
folder = "flight"

[[cameras]]
id = "camera-1"
source = "0"

[[devices]]
id = "curious"
kind = "rfid"
codec = "impinj"
topic = "store/test/camera/+/snapshot"
"""


class Camera:
    """A camera that answers as the project's own worker does."""

    def __init__(self, box: Any) -> None:
        """Have a picture that nobody has seen."""
        self.mark = secrets.token_bytes(48)
        self.jpeg = b"\xff\xd8\xff" + self.mark * 200 + b"\xff\xd9"
        self.agent = Agent(
            box.address, "test", "camera", "camera-1", {"model": "c"}, on_downlink=self._obey
        )

    def _obey(self, leaf: str, payload: bytes) -> None:
        told = json.loads(payload)
        if leaf != "command":
            return
        picture = {
            "id": told["id"],
            "t": time.time_ns() // 1_000_000,
            "width": 96,
            "height": 72,
            "blurred": told["args"]["blur"],
            "jpeg": b64encode(self.jpeg).decode(),
        }
        self.agent.publish_plain("snapshot", picture, qos=0)
        self.agent.publish_plain("result", {"id": told["id"], "ok": True})

    def is_in(self, file: Path) -> bool:
        """Tell whether a file has the picture, or a part of it."""
        found = file.read_bytes()
        if file.suffix == ".gz":
            found = gzip.decompress(found)
        return self.mark in found or b64encode(self.mark * 3)[8:64] in found


def online(box: Any) -> bool:
    """Tell whether the gateway knows the camera as online."""
    return bool(next(c["online"] for c in box.api.get("/cameras").json()["items"]))


def test_a_picture_is_on_nobodys_disk(
    box: Any, eventually: Callable[..., Any], tmp_path: Path
) -> None:
    """Database, broker, flight recorder, `store-edge record` and dead letters have none of it."""
    box.configure(MORE)
    box.start_broker()
    box.start_gateway()
    camera = Camera(box)
    tapped = tmp_path / "tapped"
    argv = [*command("record", box.config), "--out", str(tapped)]
    with subprocess.Popen(argv, cwd=tmp_path) as tap, camera.agent:
        eventually(lambda: online(box), bool)
        eventually(lambda: list(tapped.glob("*")), bool)
        answer = box.api.post("/cameras/camera-1/snapshot", json={})
        assert (answer.status_code, answer.content) == (200, camera.jpeg)
        box.publish([("store/test/camera/camera-1/snapshot", b"no picture")])
        text = "store.device.answered.v1"
        eventually(lambda: box.api.get("/events", params={"type": text}).json(), bool)
        tap.terminate()
        assert tap.wait(20) == 0
    assert box.api.get("/dead-letters").json()["items"] == []
    taken = box.api.get("/cameras/camera-1/snapshots").json()["items"]
    assert [(row["by"], row["blurred"]) for row in taken] == [("test", True)]
    box.kill("gateway")
    box.kill("broker")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"store.db", "mosquitto.db"} <= {file.name for file in files}
    assert {"flight", "tapped"} <= {file.parent.name for file in files}
    assert [file for file in files if camera.is_in(file)] == []
