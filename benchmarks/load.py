"""A shop's devices at a steady rate, in a process of their own: `python -m benchmarks.load`.

Prints one JSON line: when each sale was published (time.monotonic_ns, which all processes of a
machine share on Linux).
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.stand import READERS, TAGS_A_READER
from devices.mqtt import BrokerAddress, Link
from devices.rfid.epc import encode_sgtin96
from edge.logs import to_stderr

READS = 5  # tags in a message
SALE_EVERY = 50  # messages
GTIN = "06901815908304"


def reads(reader: int, seq: int, boot: str, dice: random.Random) -> tuple[str, bytes]:
    """Give one message of a reader."""
    now = time.time_ns() // 1_000_000
    tags = [
        {
            "epc": encode_sgtin96(GTIN, 8, reader * TAGS_A_READER + dice.randrange(TAGS_A_READER)),
            "ant": 1,
            "rssi": dice.uniform(-70, -50),
            "t": now,
        }
        for _ in range(READS)
    ]
    body = {"boot": boot, "seq": seq, "reads": tags}
    return f"store/bench/rfid/reader-{reader}/reads", json.dumps(body).encode()


def sale(number: int, boot: str) -> tuple[str, str, bytes]:
    """Give one sale of a till."""
    name = f"{boot}-{number}"
    line = {"gtin": GTIN, "qty": 1, "amount": 100}
    body = {"boot": boot, "seq": number, "t": time.time_ns() // 1_000_000, "sale": name}
    body |= {"currency": "EUR", "lines": [line], "total": 100}
    return name, "store/bench/checkout/till/sale", json.dumps(body).encode()


def run(address: BrokerAddress, rate: int, seconds: float) -> dict[str, int]:
    """Publish `rate` messages a second over all devices; gives when each sale was published."""
    boot, dice, published = secrets.token_hex(4), random.Random(1), {}
    with connected(address, boot) as links:
        start = time.monotonic()
        for n in range(round(rate * seconds)):
            if (late := start + n / rate - time.monotonic()) > 0:
                time.sleep(late)
            if n % SALE_EVERY == 0:
                name, topic, payload = sale(n // SALE_EVERY + 1, boot)
                published[name] = time.monotonic_ns()
                links[READERS].post(topic, payload)
            else:
                topic, payload = reads(n % READERS, n // READERS + 1, boot, dice)
                links[n % READERS].post(topic, payload)
    return published


def flood(address: BrokerAddress, messages: int) -> None:
    """Publish reads as fast as the broker takes them; returns when it has them all."""
    boot, dice = secrets.token_hex(4), random.Random(1)
    prepared = [reads(n % READERS, n // READERS + 1, boot, dice) for n in range(messages)]
    with connected(address, boot) as links:
        for n, (topic, payload) in enumerate(prepared[:-READERS]):
            links[n % READERS].post(topic, payload)
        # The broker acknowledges in order: when it has a link's last, it has all of that link.
        for link, (topic, payload) in zip(links, prepared[-READERS:], strict=False):
            link.publish(topic, payload, timeout=60)


@contextmanager
def connected(address: BrokerAddress, boot: str) -> Iterator[list[Link]]:
    """Give a connection for each reader and one for the till, as real devices have."""
    with ExitStack() as stack:
        links = [
            stack.enter_context(Link(address, f"load-{boot}-{n}", on_message=lambda _: None))
            for n in range(READERS + 1)
        ]
        while not all(link.connected for link in links):
            time.sleep(0.01)
        yield links


def main() -> None:
    """Publish; at a steady rate, print when each sale was published."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--flood", type=int, default=0)
    asked = parser.parse_args()
    to_stderr()
    address = BrokerAddress(port=asked.port)
    if asked.flood:
        flood(address, asked.flood)
    else:
        print(json.dumps(run(address, asked.rate, asked.seconds)))


if __name__ == "__main__":
    main()
