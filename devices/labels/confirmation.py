"""How strong a label system's word is: what each kind of answer proves of the glass."""

from __future__ import annotations

from enum import StrEnum


class Confirmation(StrEnum):
    """What is known of a picture that was sent to a label, from the weakest to the strongest.

    A driver turns its vendor's answers into one of these, never into a stronger one than the
    vendor's protocol bears out.
    """

    QUEUED = "queued"
    """The access point took it: it may be drawn from now on, or never."""

    TRANSFERRED = "transferred"
    """The label has its bytes: it will be drawn unless the drawing fails."""

    DRAWN = "drawn"
    """It is on the glass, and what was there before is gone."""
