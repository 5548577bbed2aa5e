"""The native messages of the contract, of every kind."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.labels.native import Identify, read_command
from devices.uplink import Uplink
from edge.errors import ContractError
from edge.readings import (
    CodeScanned,
    CommandAnswered,
    Crossing,
    DeviceReported,
    LabelReported,
    LabelShown,
    Message,
    PeopleCrossed,
    PeopleSeen,
    PresenceMapped,
    ProblemReported,
    Reading,
    SaleReported,
    SoldLine,
    TagRead,
    TagsRead,
    WeightRead,
    ZonePeople,
)

T = 1795251600000
UPLINK = Uplink("s1")
LINE = {"gtin": "6901815908304", "qty": 2, "amount": 1990, "epc": "30320e911780cf8027072abe"}
READS: dict[str, Any] = {
    "reads": [
        {"epc": "30320e911780cf8027072abe", "ant": 1, "rssi": -56.5, "t": T},
        {"epc": "E28011606000020A6681F23F", "ant": 65535, "t": 0},
    ]
}
# What travels, and what it must become.
EXAMPLES: dict[str, tuple[dict[str, Any], Reading]] = {
    "rfid/d/reads": (
        READS,
        TagsRead(
            (
                TagRead("30320E911780CF8027072ABE", 1, -56.5, T),
                TagRead("E28011606000020A6681F23F", 65535, None, 0),
            )
        ),
    ),
    "camera/d/crossings": (
        {
            "crossings": [
                {"line": "door", "dir": "in", "t": T},
                {"line": "door", "dir": "out", "t": T},
            ]
        },
        PeopleCrossed((Crossing("door", "in", T), Crossing("door", "out", T))),
    ),
    "camera/d/zones": (
        {"t": T, "zones": [{"zone": "queue-1", "people": 3, "dwell_s": 41.5}]},
        PeopleSeen(T, (ZonePeople("queue-1", 3, 41.5),)),
    ),
    "camera/d/heatmap": (
        {"start": T, "end": T + 60_000, "width": 2, "height": 2, "cells": [0, 1.5, 0, 60]},
        PresenceMapped(T, T + 60_000, 2, 2, (0.0, 1.5, 0.0, 60.0)),
    ),
    "scanner/d/scan": (
        {"t": T, "data": "\x1d010950600013435221A", "symbology": "datamatrix"},
        CodeScanned(T, "\x1d010950600013435221A", "datamatrix"),
    ),
    "scale/d/weight": (
        {"t": T, "grams": -12.5, "stable": True},
        WeightRead(T, -12.5, stable=True),
    ),
    "checkout/d/sale": (
        {"t": T, "sale": "S-1", "currency": "CNY", "lines": [LINE], "total": 1990, "member": "m1"},
        SaleReported(
            T,
            "S-1",
            "CNY",
            (SoldLine("06901815908304", 2, 1990, "30320E911780CF8027072ABE"),),
            1990,
            "m1",
        ),
    ),
    "label/d/shown": (
        {"t": T, "label": "l1", "image": "0123456789ABCDEF"},
        LabelShown(T, "l1", "0123456789abcdef"),
    ),
    "label/d/report": (
        {"t": T, "label": "l1", "battery_mv": 2980, "rssi": -71, "temp_c": 21.5},
        LabelReported(T, "l1", 2980, -71.0, 21.5),
    ),
    "label/d/problem": (
        {"t": T, "problem": "silent", "label": "l1", "active": True},
        ProblemReported(T, "silent", active=True, label="l1"),
    ),
    "rfid/d/status": (
        {"online": True, "model": "R700", "fw": "8.2", "config_version": 7},
        DeviceReported(online=True, model="R700", fw="8.2", config_version=7),
    ),
    "label/d/status": ({"online": False}, DeviceReported(online=False)),
    "camera/d/result": (
        {"id": "c1", "ok": False, "error": "no lens", "data": {"tries": [1, 2]}},
        CommandAnswered("c1", ok=False, error="no lens", data={"tries": [1, 2]}),
    ),
}
UNNUMBERED = ("status", "result")


def decode(topic: str, payload: object) -> Message:
    """Publish an object on a topic of the store."""
    return UPLINK.decode(f"store/s1/{topic}", msgspec.json.encode(payload))


def breach(topic: str, payload: object) -> ContractError:
    """Publish what must be refused."""
    with pytest.raises(ContractError) as caught:
        decode(topic, payload)
    return caught.value


@pytest.mark.parametrize("topic", EXAMPLES)
def test_examples(topic: str) -> None:
    """Every message of the contract becomes its reading; unknown fields are ignored."""
    payload, reading = EXAMPLES[topic]
    message = decode(topic, payload | {"new-field": {"of": ["a", "later", "version"]}})
    assert message.readings == (reading,)
    assert f"{message.kind}/{message.device}" == topic.rpartition("/")[0]


@pytest.mark.parametrize("topic", [topic for topic in EXAMPLES if not topic.endswith(UNNUMBERED)])
def test_numbers(topic: str) -> None:
    """Boot and seq are kept; without them a message has none."""
    payload, _ = EXAMPLES[topic]
    numbered = decode(topic, payload | {"boot": "b-1", "seq": 9})
    bare = decode(topic, payload)
    assert (numbered.boot, numbered.seq) == ("b-1", 9)
    assert (bare.boot, bare.seq) == (None, None)


BREACHES: list[tuple[str, dict[str, Any], str]] = [
    ("rfid/d/reads", {"boot": ""}, "boot"),
    ("rfid/d/reads", {"boot": "a\nb"}, "boot"),
    ("rfid/d/reads", {"seq": 0}, "seq"),
    ("rfid/d/reads", {"seq": 1.5}, "seq"),
    ("rfid/d/reads", {"reads": [READS["reads"][0]] * 2 + [{"epc": "a"}]}, "reads[2].epc"),
    ("rfid/d/reads", {"reads": [{"epc": "aabbccd", "ant": 1, "t": 0}]}, "reads[0].epc"),
    ("rfid/d/reads", {"reads": [{"epc": "aabbccddee f", "ant": 1, "t": 0}]}, "reads[0].epc"),
    ("rfid/d/reads", {"reads": [{"epc": "aabbccddeeff1", "ant": 1, "t": 0}]}, "reads[0].epc"),
    ("rfid/d/reads", {"reads": [{"epc": "aabbccﬀgg", "ant": 1, "t": 0}]}, "reads[0].epc"),
    ("rfid/d/reads", {"reads": [{"epc": "aa" * 33, "ant": 1, "t": 0}]}, "reads[0].epc"),
    ("rfid/d/reads", {"reads": [{"epc": "aabbccdd", "ant": 0, "t": 0}]}, "reads[0].ant"),
    ("rfid/d/reads", {"reads": [{"epc": "aabbccdd", "ant": True, "t": 0}]}, "reads[0].ant"),
    ("rfid/d/reads", {"reads": [{"epc": "aabbccdd", "ant": 1, "t": -1}]}, "reads[0].t"),
    ("rfid/d/reads", {"reads": [{"epc": "aabbccdd", "ant": 1, "t": 2**53}]}, "reads[0].t"),
    ("rfid/d/reads", {"reads": [{"epc": "aabbccdd", "ant": 1}]}, "reads[0].t"),
    ("rfid/d/reads", {"reads": None}, "reads"),
    ("camera/d/crossings", {"crossings": [{"line": "d", "dir": "up", "t": 0}]}, "crossings[0].dir"),
    ("camera/d/zones", {"zones": [{"zone": "z", "people": -1, "dwell_s": 0}]}, "zones[0].people"),
    ("camera/d/zones", {"zones": [{"zone": "z", "people": 1, "dwell_s": -1}]}, "zones[0].dwell_s"),
    ("camera/d/heatmap", {"cells": [0, 1, 2]}, "cells"),
    ("camera/d/heatmap", {"cells": [0, 1, 2, -1]}, "cells[3]"),
    ("camera/d/heatmap", {"width": 0}, "width"),
    ("camera/d/heatmap", {"end": T - 1}, "end"),
    ("scanner/d/scan", {"data": ""}, "data"),
    ("scanner/d/scan", {"data": "a\0b"}, "data"),
    ("scanner/d/scan", {"symbology": 13}, "symbology"),
    ("scale/d/weight", {"stable": "yes"}, "stable"),
    ("scale/d/weight", {"grams": None}, "grams"),
    ("checkout/d/sale", {"currency": "yuan"}, "currency"),
    ("checkout/d/sale", {"lines": []}, "lines"),
    ("checkout/d/sale", {"lines": [LINE, LINE | {"gtin": "6901815908305"}]}, "lines[1].gtin"),
    ("checkout/d/sale", {"lines": [LINE | {"qty": 0}]}, "lines[0].qty"),
    ("checkout/d/sale", {"lines": [LINE | {"amount": 19.9}]}, "lines[0].amount"),
    ("checkout/d/sale", {"lines": [LINE | {"epc": "aabbccddx"}]}, "lines[0].epc"),
    ("label/d/shown", {"image": "0123456789abcde"}, "image"),
    ("label/d/shown", {"image": "0123456789abcdef\n"}, "image"),
    ("label/d/report", {"battery_mv": -1}, "battery_mv"),
    ("label/d/report", {"temp_c": -300}, "temp_c"),
    ("label/d/problem", {"problem": ""}, "problem"),
    ("label/d/problem", {"label": ""}, "label"),
    ("label/d/problem", {"active": "no"}, "active"),
    ("rfid/d/status", {"online": 1}, "online"),
    ("camera/d/result", {"data": []}, "data"),
]


@pytest.mark.parametrize(("topic", "wrong", "path"), BREACHES)
def test_breaches(topic: str, wrong: dict[str, Any], path: str) -> None:
    """A field outside the contract is refused by its path."""
    assert breach(topic, EXAMPLES[topic][0] | wrong).path == path


def test_a_problem_of_the_device_itself() -> None:
    """Without a label it is the device's, without a word on it active."""
    payload = {"t": T, "problem": "access-point-away"}
    assert decode("label/d/problem", payload).readings == (ProblemReported(T, "access-point-away"),)


def identify(**command: object) -> Identify:
    """Read a command as whoever drives labels does."""
    return read_command(msgspec.json.encode({"id": "c1", **command})).identify()


def test_identify() -> None:
    """Colour and seconds may be missing; unknown arguments are ignored."""
    label = {"label": "l1", "since": "a later version"}
    assert identify(name="identify", args=label) == Identify("l1", "green", 10)
    every = {"label": "l1", "colour": "white", "seconds": 600}
    assert identify(name="identify", args=every) == Identify("l1", "white", 600)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"name": "reboot"}, "name: expected identify, came 'reboot'"),
        ({"args": {}}, "label: expected a value, came nothing"),
        ({"args": None}, "payload: expected object, came null"),
        ({"args": {"label": 9}}, "label: expected str, came 9"),
        (
            {"args": {"label": "l1", "colour": "pink"}},
            "colour: expected one of red, green, blue, white, came 'pink'",
        ),
        ({"args": {"label": "l1", "seconds": 0}}, "seconds: expected int >= 1, came 0"),
        ({"args": {"label": "l1", "seconds": 601}}, "seconds: expected int <= 600, came 601"),
        ({"args": {"label": "l1", "seconds": "5"}}, "seconds: expected int, came '5'"),
    ],
)
def test_a_wrong_identify(wrong: dict[str, object], error: str) -> None:
    """The reason names the argument, what was expected and what came."""
    with pytest.raises(ContractError) as caught:
        identify(**{"name": "identify", **wrong})
    assert str(caught.value) == error


def test_a_breach_says_what_came() -> None:
    """The reason names the field, what was expected and what came."""
    wrong = {"reads": [{"epc": "aabbccdd", "ant": -4, "t": 0}]}
    assert str(breach("rfid/d/reads", wrong)) == "reads[0].ant: expected int >= 1, came -4"
    assert str(breach("rfid/d/reads", {})) == "reads: expected a value, came nothing"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_are_finite(number: str) -> None:
    """What no JSON number holds is refused, not carried into the rules."""
    payload = f'{{"t":1,"grams":{number},"stable":true}}'.encode()
    with pytest.raises(ContractError):
        UPLINK.decode("store/s1/scale/d/weight", payload)


def test_too_many_reads() -> None:
    """More than 10,000 reads in a message are refused."""
    assert breach("rfid/d/reads", {"reads": [0] * 10_001}).path in {"reads", "reads[0]"}


def test_answers_nest_a_little() -> None:
    """The free part of an answer may nest, but not without end."""
    deep: dict[str, Any] = {}
    for _ in range(14):
        deep = {"a": deep}
    assert decode("rfid/d/result", {"id": "1", "ok": True, "data": deep}).readings
    deeper = {"a": {"a": {"a": deep}}}
    assert breach("rfid/d/result", {"id": "1", "ok": True, "data": deeper}).path == "data"


def places(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Walk all places of a payload."""
    children = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in children:
        yield (*at, key)
        if isinstance(child, dict | list):
            yield from places(child, (*at, key))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_any_value_in_any_place(topic: str, data: st.DataObject) -> None:
    """A right message with one wrong value gives a message or a breach, never another error."""
    payload = copy.deepcopy(EXAMPLES[topic][0])
    *way, last = data.draw(st.sampled_from(list(places(payload))))
    node: Any = payload
    for step in way:
        node = node[step]
    node[last] = data.draw(anything)
    try:
        assert decode(topic, payload).readings
    except ContractError as fault:
        assert fault.path  # noqa: PT017  (either way out is right, no third)


reads = st.builds(
    TagRead,
    st.binary(min_size=4, max_size=32).map(lambda code: code.hex().upper()),
    st.integers(1, 65_535),
    st.none() | st.floats(-200, 100),
    st.integers(0, 253_402_300_799_999),
)


@given(st.lists(reads))
def test_reads_round_trip(seen: list[TagRead]) -> None:
    """What a reader saw arrives as it was written."""
    wire = [{"epc": r.epc, "ant": r.antenna, "rssi": r.rssi, "t": r.t} for r in seen]
    assert decode("rfid/d/reads", {"reads": wire}).readings == (TagsRead(tuple(seen)),)
