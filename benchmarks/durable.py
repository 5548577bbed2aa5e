"""How fast a flood is on disk, against a bare paho loop that only receives it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.stand import Receiver, Stand, stand

MESSAGES = 10_000
ROUNDS = 3
PATIENCE_S = 60
READS = "store/bench/rfid/+/reads"
ACKS = "store/bench/rfid/+/ack"


def main() -> None:
    """Run and print."""
    print(f"{MESSAGES} QoS 1 messages of five reads each as fast as one publisher sends them")
    with Receiver() as receiver, stand(receiver.port) as box, box.plain_broker():
        for n in range(1, ROUNDS + 1):
            bare, durable = _bare(box), _durable(box)
            print(
                f"  run {n}: bare paho {MESSAGES / bare:.0f}/s, on disk and acknowledged "
                f"{MESSAGES / durable:.0f}/s, ratio {bare / durable:.2f}"
            )


def _bare(box: Stand) -> float:
    count = 0

    def receive(_: mqtt.MQTTMessage) -> int:
        nonlocal count
        count += 1
        return count

    return _time(box, READS, receive)


def _durable(box: Stand) -> float:
    acknowledged: dict[str, int] = {}

    def note(message: mqtt.MQTTMessage) -> int:
        acknowledged[message.topic] = int(message.payload.split(b'"seq":')[1].rstrip(b"}"))
        return sum(acknowledged.values())

    with box.gateway():
        return _time(box, ACKS, note)


def _time(box: Stand, topic: str, progress: Callable[[mqtt.MQTTMessage], int]) -> float:
    """Time from the first message on a topic until `progress` has counted all."""
    ready, done = threading.Event(), threading.Event()
    times: list[float] = []

    def receive(_: object, __: object, message: mqtt.MQTTMessage) -> None:
        times.append(time.perf_counter())
        if progress(message) >= MESSAGES:
            done.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, "watcher")
    client.on_message = receive
    client.on_subscribe = lambda *_: ready.set()
    client.connect(box.address.host, box.address.port)
    client.subscribe(topic, qos=1)
    client.loop_start()
    ready.wait(PATIENCE_S)
    argv = [
        sys.executable,
        "-m",
        "benchmarks.load",
        str(box.address.port),
        "--flood",
        str(MESSAGES),
    ]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  (our own)
    complete = done.wait(PATIENCE_S)
    client.disconnect()
    client.loop_stop()
    if not complete:
        raise TimeoutError(f"not all of {MESSAGES} messages came within {PATIENCE_S} s")
    return times[-1] - times[0]
