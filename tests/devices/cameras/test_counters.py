"""Third-party counters: their payloads, kept beside this file, become our readings."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cameras.axis import axis_codec
from devices.cameras.mapping import LineFields, ZoneFields, mapping_codec
from devices.cameras.names import LineName, Names
from devices.cameras.xovis import xovis_codec
from devices.contract import Claims, Codec
from devices.uplink import Uplink, VendorDevice
from edge.errors import ContractError
from edge.readings import (
    LineCount,
    LineTotal,
    Message,
    PeopleCounted,
    PeopleSeen,
    TotalsRead,
    ZonePeople,
)

RECORDINGS = Path(__file__).parent / "recordings"
T0 = 1_800_000_000_000
STARTED, RESET = 1_799_877_685_000, 1_800_000_030_000

XOVIS = xovis_codec(Names({"Line 0": LineName("door")}, {"Zone 0": "floor"}))
AXIS = axis_codec(
    Names(
        {
            "Device1Scenario1": LineName("door", "in"),
            "Device1Scenario2": LineName("door", "out"),
        },
        {"Tills": "tills"},
    )
)
LINES = LineFields(
    entries="data.event_set",
    line="line_id",
    time="$.timestamp",
    unit="s",
    count_in="side1_count",
    count_out="side2_count",
)
NAMES = Names({"0": LineName("door"), "1": LineName("side", swapped=True)}, {"z": "floor"})
MAPPED = mapping_codec(NAMES, LINES, None)


def recorded(file: str) -> bytes:
    """Read a payload."""
    return (RECORDINGS / file).read_bytes()


def test_xovis_counts_lines_by_the_minute_and_zones_at_the_end() -> None:
    """A balance below nobody is nobody; the newest one counts; a logic without a name is none."""
    minutes = (LineCount("door", T0, T0 + 60_000, 3, 1),)
    assert XOVIS(recorded("xovis.json")) == Claims(
        (
            PeopleCounted((*minutes, LineCount("door", T0 + 60_000, T0 + 120_000, 0, 2))),
            PeopleSeen(T0 + 180_000, (ZonePeople("floor", 3, 0.0),)),
        )
    )


def test_xovis_may_write_times_and_send_many_pushes_at_once() -> None:
    """Times are numbers or RFC 3339; what is no push of logics claims nothing."""
    push = json.loads(recorded("xovis.json"))
    push["logics_data"]["logics"] = push["logics_data"]["logics"][1:2]
    record = push["logics_data"]["logics"][0]["records"].pop()
    written = {**record, "from": "2027-01-15T09:01:00+01:00", "to": "2027-01-15T08:02:00Z"}
    push["logics_data"]["logics"][0]["records"] = [written]
    both = json.dumps([{"live_data": {"frames": []}}, push]).encode()
    start = T0 + 60_000
    assert XOVIS(both).readings == (
        PeopleCounted((LineCount("door", start, start + 60_000, 0, 2),)),
    )
    assert XOVIS(b'{"status_data":{"states":{}}}') == Claims(())


def test_a_line_that_was_drawn_the_other_way_is_swapped() -> None:
    """Their forward is our out."""
    codec = xovis_codec(Names({"Line 0": LineName("door", swapped=True)}, {}))
    (counted,) = codec(recorded("xovis.json")).readings
    assert isinstance(counted, PeopleCounted)
    assert [(c.in_, c.out) for c in counted.counts] == [(1, 3), (2, 0)]


def test_axis_tells_totals_of_people_one_way_each() -> None:
    """Cars are not people; the time of the last reset comes along."""
    totals = [AXIS(line).readings for line in recorded("axis-crossline.jsonl").splitlines()]
    assert totals == [
        (TotalsRead((LineTotal("door", "in", 20960, T0 + 712, STARTED),)),),
        (TotalsRead((LineTotal("door", "out", 20511, T0 + 4100, STARTED),)),),
        (TotalsRead((LineTotal("door", "in", 20962, T0 + 9300, STARTED),)),),
        (TotalsRead((LineTotal("door", "in", 1, T0 + 42_000, RESET),)),),
    ]


def test_axis_counts_people_in_an_area() -> None:
    """The scenario is known by the name that it was given."""
    seen = PeopleSeen(T0 + 11_000, (ZonePeople("tills", 4, 0.0),))
    assert AXIS(recorded("axis-occupancy.json")) == Claims((seen,))


def test_axis_events_of_something_else_claim_nothing() -> None:
    """A scenario without a name here, and a motion alarm."""
    other = recorded("axis-occupancy.json").replace(b"Tills", b"Yard")
    assert AXIS(other) == Claims(())
    alarm = {"topic": "axis:VMD/Camera1", "timestamp": 1, "message": {"data": {"active": "1"}}}
    assert AXIS(json.dumps(alarm).encode()) == Claims(())


def test_a_mapped_payload_counts_up_to_its_time() -> None:
    """Entries by a path, the time of the whole message, a line that is swapped."""
    counts = (LineCount("door", T0, T0, 1, 0), LineCount("side", T0, T0, 4, 0))
    assert MAPPED(recorded("mapped.json")) == Claims((PeopleCounted(counts),))


def decode(payload: dict[str, Any], **fields: Any) -> Claims:
    """Decode with a mapping of a message that is one entry, of the line 0."""
    common = {"entries": "$", "line": None, "time": "t", "unit": "ms"}
    lines = LineFields(**{**common, **fields})
    return mapping_codec(NAMES, lines, None)(json.dumps(payload).encode())


def test_mapped_crossings_have_words_for_in_and_out() -> None:
    """Two in the same millisecond are two."""
    payload = {"list": [{"t": 5, "way": "enter"}, {"t": 5, "way": "enter"}, {"t": 5, "way": 0}]}
    words = {"direction": "way", "inwards": ("enter",), "outwards": ("leave", "0")}
    claims = decode(payload, entries="list", **words)
    assert claims == Claims((PeopleCounted((LineCount("door", 5, 5, 2, 1),)),))


def test_mapped_counts_have_a_span_or_a_total() -> None:
    """Numbers may be written as text, times as RFC 3339."""
    at = "2027-01-15T08:00:01Z"
    payload = {"t": at, "from": "2027-01-15T08:00:00Z", "n": [{"in": "7"}]}
    fields: dict[str, Any] = {"unit": "rfc3339", "start": "from", "count_in": "n.0.in"}
    span = LineCount("door", T0, T0 + 1000, 7, 0)
    assert decode(payload, **fields) == Claims((PeopleCounted((span,)),))
    total = LineTotal("door", "in", 7, T0 + 1000, T0)
    assert decode(payload, **fields, cumulative=True) == Claims((TotalsRead((total,)),))


def test_mapped_zones_have_people_and_waits() -> None:
    """The newest of each zone, a reading a moment."""
    fields = ZoneFields(
        entries="zones",
        zone="id",
        time="at",
        unit="s",
        people="n",
        dwell_s="longest",
        wait_mean_s="mean",
    )
    zones = [
        {"id": "z", "at": 2, "n": 3, "longest": 9, "mean": 4.5},
        {"id": "z", "at": 1, "n": 8, "longest": 8, "mean": 4},
        {"id": "elsewhere"},
    ]
    claims = mapping_codec(NAMES, None, fields)(json.dumps({"zones": zones}).encode())
    assert claims == Claims((PeopleSeen(2000, (ZonePeople("floor", 3, 9.0, 4.5),)),))


def changed(file: str, *places: tuple[str, Any]) -> bytes:
    """Change what stands at a path such as data.0 in a payload; None takes it away."""
    payload = json.loads(recorded(file).splitlines()[0] if "jsonl" in file else recorded(file))
    for path, value in places:
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        inner = payload
        for part in way:
            inner = inner[part]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    return json.dumps(payload).encode()


LOGIC = "logics_data.logics.1.records.0"
BREACHES: list[tuple[Codec, bytes, str]] = [
    (XOVIS, b"[", "payload"),
    (XOVIS, changed("xovis.json", (f"{LOGIC}.to", "soon")), "logics_data.logics[1].records[0].to"),
    (XOVIS, changed("xovis.json", (f"{LOGIC}.to", 1)), "logics_data.logics[1].records[0].to"),
    (
        XOVIS,
        changed("xovis.json", (f"{LOGIC}.counts.0.value", 1.5)),
        "logics_data.logics[1].records[0].counts[0].value",
    ),
    (
        XOVIS,
        changed("xovis.json", (f"{LOGIC}.counts", [])),
        "logics_data.logics[1].records[0].counts",
    ),
    (
        XOVIS,
        changed("xovis.json", ("logics_data.logics.0.records.0.counts.0.name", "fw")),
        "logics_data.logics[0].records[0].counts",
    ),
    (AXIS, changed("axis-crossline.jsonl", ("timestamp", None)), "timestamp"),
    (
        AXIS,
        changed("axis-crossline.jsonl", ("message.data.totalHuman", "many")),
        "message.data.totalHuman",
    ),
    (
        AXIS,
        changed(
            "axis-crossline.jsonl",
            ("message.data.totalHuman", None),
            ("message.data.total", None),
        ),
        "message.data.totalHuman",
    ),
    (AXIS, changed("axis-occupancy.json", ("message.data.human", "100001")), "message.data.human"),
    (MAPPED, b'{"data":5}', "data.event_set"),
    (MAPPED, changed("mapped.json", ("timestamp", "now")), "timestamp"),
    (MAPPED, changed("mapped.json", ("timestamp", -1)), "timestamp"),
    (
        MAPPED,
        changed("mapped.json", ("data.event_set.1.side1_count", -1)),
        "data.event_set[1].side1_count",
    ),
    (
        MAPPED,
        changed("mapped.json", ("data.event_set.0.line_id", None)),
        "data.event_set[0].line_id",
    ),
]


@pytest.mark.parametrize(("codec", "payload", "path"), BREACHES, ids=[b[2] for b in BREACHES])
def test_a_breach_is_told_by_its_path(codec: Codec, payload: bytes, path: str) -> None:
    """Nothing is guessed: the field that is wrong is named."""
    with pytest.raises(ContractError) as breach:
        codec(payload)
    assert breach.value.path == path


@pytest.mark.parametrize(
    ("payload", "fields", "path"),
    [
        ({"t": 5, "way": "up"}, {"direction": "way", "inwards": ("in",)}, "way"),
        ({"t": 5, "from": 6, "n": 1}, {"count_in": "n", "start": "from"}, "t"),
        ({"t": "2027-01-15", "n": 1}, {"count_in": "n", "unit": "rfc3339"}, "t"),
    ],
)
def test_a_breach_of_a_mapping_is_told_by_its_path(
    payload: dict[str, Any], fields: dict[str, Any], path: str
) -> None:
    """As where a codec knows the payload."""
    with pytest.raises(ContractError) as breach:
        decode(payload, **fields)
    assert breach.value.path == path


KEYS = (
    *("logics_data", "logics", "records", "counts", "from", "to", "name", "value"),
    *("topic", "timestamp", "message", "data", "event_set", "line_id", "side1_count"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("codec", [XOVIS, AXIS, MAPPED], ids=["xovis", "axis", "mapping"])
@given(payload=JSON.map(lambda tree: json.dumps(tree).encode()) | st.binary(max_size=50))
def test_whatever_comes_is_claims_or_a_breach(codec: Codec, payload: bytes) -> None:
    """No payload stops the door."""
    with suppress(ContractError):
        assert isinstance(codec(payload), Claims)


def test_a_counter_is_known_by_its_topic() -> None:
    """Its messages have the id that it was given."""
    uplink = Uplink("s1", [VendorDevice("counter-1", "camera", XOVIS, "xovis/door/#")])
    message = uplink.decode("xovis/door/push", recorded("xovis.json"))
    assert isinstance(message, Message)
    assert (message.device, message.kind, len(message.readings)) == ("counter-1", "camera", 2)
