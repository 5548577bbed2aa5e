"""Events over HTTP: a CloudEvents batch, signed as Standard Webhooks 1.0.0 asks."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

import httpx
import standardwebhooks

from edge.errors import ConfigError, Fault, SinkDown, SinkRefused
from edge.wire import encode_cloudevents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.wire import LoggedEvent

CLOUDEVENTS_BATCH = "application/cloudevents-batch+json"
# Only these answers speak about the batch itself. Every other one (a wrong address, a wrong
# signature, a receiver in trouble) would meet all events alike, so it must cost none of them.
REFUSALS = frozenset({400, 413, 415, 422})
READ_AT_MOST = 4096
SHOWN = 200


class Webhook:
    """A sink that posts batches to one address.

    `url` is http or https, `secret` base64 with or without `whsec_` in front, `store` the id
    that makes up the CloudEvents source, `timeout` the seconds to wait for each of connecting,
    sending and answering. Raises ConfigError for an address or a secret that cannot be used.
    """

    def __init__(self, name: str, url: str, secret: str, store: str, timeout: float) -> None:
        """Prepare the connection; nothing is sent yet."""
        self.name = name
        self._store = store
        self._signature = signature(secret)
        self._url = _address(url)
        # A query may carry a token, so messages show the address without it.
        self._shown = _without_secrets(self._url)
        self._timeout = timeout
        self._client = httpx.Client(timeout=timeout, follow_redirects=False)

    def deliver(self, events: Sequence[LoggedEvent]) -> None:
        """Post the batch; a 2xx answer means that it is taken (see Sink.deliver)."""
        if not events:
            return
        body = encode_cloudevents(list(events), self._store)
        headers = self._headers(_message_id(self._store, events), body)
        try:
            with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
                self._judge(answer, self._remark(answer))
        except httpx.TimeoutException as late:
            raise SinkDown(
                f"{self.name}: expected an answer from {self._shown} within {self._timeout:g} s, "
                f"came none ({type(late).__name__}); the batch is tried again"
            ) from late
        except httpx.HTTPError as broken:
            raise SinkDown(
                f"{self.name}: expected an answer from {self._shown}, came {broken!r}; "
                "the batch is tried again"
            ) from broken

    def close(self) -> None:
        """Close the connections to the receiver."""
        self._client.close()

    def _headers(self, message: str, body: bytes) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "content-type": CLOUDEVENTS_BATCH,
            "accept-encoding": "identity",
            "user-agent": "store-edge",
            "webhook-id": message,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signature.sign(message, now, body.decode()),
        }

    def _remark(self, answer: httpx.Response) -> str:
        """Read what the receiver says beside its status, which alone decides.

        Reading to the end keeps the connection; a receiver that never ends is cut off.
        """
        said = bytearray()
        deadline = monotonic() + self._timeout
        try:
            for piece in answer.iter_raw():
                said += piece
                if len(said) > READ_AT_MOST or monotonic() > deadline:
                    break
        except httpx.HTTPError:
            return ""
        return repr(said[:SHOWN].decode("utf-8", "replace")) if said else ""

    def _judge(self, answer: httpx.Response, remark: str) -> None:
        if answer.is_success:
            return
        came = " ".join(filter(None, (str(answer.status_code), answer.reason_phrase, remark)))
        text = f"{self.name}: expected 2xx from {self._shown}, came {came}"
        if answer.status_code in REFUSALS:
            raise SinkRefused(f"{text}; compare the batch with what the receiver accepts")
        raise SinkDown(f"{text}{_advice(answer)}; the batch is tried again")


def _advice(answer: httpx.Response) -> str:
    if answer.next_request is not None:
        # Also what a captive portal answers while the shop's line is down.
        place = _without_secrets(answer.next_request.url)
        return f"; set the sink's url to {place} if that is its place"
    if "retry-after" in answer.headers:
        return f"; it asks to wait: {answer.headers['retry-after']!r}"
    if answer.is_client_error:
        return "; check the sink's url and secret, and this machine's clock"
    return ""


def _without_secrets(url: httpx.URL) -> str:
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))


def signature(secret: str) -> standardwebhooks.Webhook:
    """Give what signs and verifies with a secret of base64, with or without `whsec_` in front.

    Raises ConfigError when it cannot be decoded; the message does not show it.
    """
    text = secret.strip().removeprefix("whsec_")
    try:
        # The library would drop characters that are not base64 and sign with what is left.
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        key = b""
    if not key:
        expected = "whsec_ and base64 of 24 to 64 random bytes (openssl rand -base64 32)"
        came = f"{len(text)} characters that are not base64" if text else "nothing"
        raise ConfigError((Fault("secret", 0, "webhook secret", expected, came),))
    return standardwebhooks.Webhook(key)


def _address(url: str) -> httpx.URL:
    expected = "an address such as https://shop.example/webhook"
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as fault:
        raise ConfigError((Fault("sink", 0, "url", expected, str(fault)),)) from fault
    if address.scheme not in {"http", "https"} or not address.host:
        came = f"scheme {address.scheme!r} and host {address.host!r}"
        raise ConfigError((Fault("sink", 0, "url", expected, came),))
    return address


def _message_id(store: str, events: Sequence[LoggedEvent]) -> str:
    """Name a batch by the ids of its events, so that its repeat carries the same webhook-id."""
    digest = hashlib.sha256("\n".join((store, *(event.id for event in events))).encode())
    return f"msg_{digest.hexdigest()[:32]}"
