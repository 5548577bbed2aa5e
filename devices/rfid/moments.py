"""Times of vendors' payloads: RFC 3339 text (decoded by msgspec) to epoch milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

from devices.contract import refuse

Moment = Annotated[datetime, Meta(tz=True)]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def epoch_ms(moment: datetime, path: str) -> int:
    """Give epoch milliseconds, rounded down; raises ContractError for a time before 1970."""
    if moment < _EPOCH:
        refuse(path, "a time after 1970", moment.isoformat())
    return (moment - _EPOCH) // _MILLISECOND
