"""Topics of the contract, and which topics a filter covers."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub

from devices.topics import Topic, covers, is_filter
from edge.errors import ContractError

ids = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)
kinds = st.sampled_from(("rfid", "camera", "scanner", "scale", "checkout", "label"))
topics = st.lists(st.sampled_from(("a", "b", "", "$a")), min_size=1, max_size=4).map("/".join)
filters = st.lists(st.sampled_from(("a", "b", "", "+", "#", "$a")), min_size=1, max_size=4).map(
    "/".join,
)


@given(st.builds(Topic, ids, kinds, ids, ids))
def test_round_trip(topic: Topic) -> None:
    """A topic that was built reads back as itself."""
    assert Topic.parse(str(topic)) == topic


def test_parts() -> None:
    """The levels of a topic are store, kind, device and leaf."""
    assert Topic.parse("store/s1/rfid/gate-1/reads") == Topic("s1", "rfid", "gate-1", "reads")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "topic"),
        ("store/s1/rfid/r1", "topic"),
        ("store/s1/rfid/r1/reads/more", "topic"),
        ("shop/s1/rfid/r1/reads", "topic"),
        ("store/S1/rfid/r1/reads", "topic.store"),
        ("store/s1/robot/r1/reads", "topic.kind"),
        ("store/s1/rfid/-r1/reads", "topic.device"),
        (f"store/s1/rfid/{'r' * 64}/reads", "topic.device"),
        ("store/s1/rfid/r1\n/reads", "topic.device"),
        ("store/s1/rfid/r1/+", "topic.leaf"),
    ],
)
def test_wrong_topic(text: str, path: str) -> None:
    """A wrong topic is refused with the part that is wrong."""
    with pytest.raises(ContractError) as breach:
        Topic.parse(text)
    assert breach.value.path == path


def test_built_topics_are_checked_too() -> None:
    """A part with a slash cannot be smuggled into a topic that is built."""
    with pytest.raises(ContractError, match=r"topic\.device"):
        Topic("s1", "rfid", "r1/config", "reads")


@pytest.mark.parametrize("text", ["#", "+", "a", "a/+/b", "a/#", "/", "+/#", "$SYS/#"])
def test_filters(text: str) -> None:
    """Wildcards that fill their level make a filter."""
    assert is_filter(text)


@pytest.mark.parametrize("text", ["", "a#", "a/#/b", "a+", "+a/b", "##", "a\0"])
def test_not_filters(text: str) -> None:
    """Wildcards that share their level, or a `#` before the end, make none."""
    assert not is_filter(text)


@given(filters, topics)
def test_covers_as_a_broker_does(pattern: str, topic: str) -> None:
    """A filter covers what paho's own matching says that it covers."""
    assume(is_filter(pattern))
    assume(topic != "")  # MQTT has no empty topic
    assert covers(pattern, topic) == topic_matches_sub(pattern, topic)
