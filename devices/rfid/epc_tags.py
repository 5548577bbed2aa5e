"""What tags stand for: a value for each GS1 key, with its URIs (TDS 2.3, sections 6, 7 and 12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar
from urllib.parse import quote

from msgspec import Struct

from devices.rfid.epc_text import Fault, escape

# The dates that a DSGTIN+ can hold, each at the place of its indicator (TDS 2.3, 14.5.3).
DATES = ("11", "13", "15", "16", "17", "7006", "7007")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Foreign(Struct, frozen=True):
    """A code that is none of ours: another scheme's header, or no hexadecimal at all."""

    epc: str
    fault: Fault
    error: str


class Broken(Struct, frozen=True):
    """A code whose header names a scheme that it breaks: a tag that was wrongly encoded."""

    epc: str
    scheme: str
    fault: Fault
    error: str


class Tag(Struct, frozen=True):
    """What every tag has that could be read.

    `epc` is its code in upper-case hex, `filter` the kind of thing that is tagged (TDS 2.3,
    section 10). `prefix_digits` is the length of the key's company prefix; None for '+' schemes,
    which do not hold it.
    """

    urn: ClassVar[str]

    epc: str
    scheme: str
    filter: int
    prefix_digits: int | None

    @property
    def ai(self) -> dict[str, str]:
        """The GS1 Application Identifiers that say the same, the key's first."""
        raise NotImplementedError

    def parts(self, digits: int) -> tuple[str, ...]:
        """Divide the key behind a company prefix of so many digits, as URNs and bits do."""
        raise NotImplementedError

    @property
    def aidc(self) -> bool:
        """Whether other data follow the EPC on the tag, which are not read (TDS 2.3, 14.5.1)."""
        return self.prefix_digits is None and self.epc[2] > "7"

    @property
    def uri(self) -> str:
        """The identity: the pure identity URI, for '+' schemes the GS1 Digital Link URI.

        A pure identity URI divides the key behind its company prefix. '+' schemes do not hold
        where that ends, and have their Digital Link URI, without a date, for their identity
        (TDS 2.3, 12.3.1).
        """
        if self.prefix_digits is None:
            return self.digital_link.partition("?")[0]
        return f"urn:epc:id:{self.urn}:{self._dotted(self.prefix_digits)}"

    @property
    def tag_uri(self) -> str | None:
        """The EPC Tag URI, which has the filter too; '+' schemes have none (TDS 2.3, 14.4)."""
        if self.prefix_digits is None:
            return None
        return f"urn:epc:tag:{self.scheme}:{self.filter}.{self._dotted(self.prefix_digits)}"

    @property
    def digital_link(self) -> str:
        """The canonical GS1 Digital Link URI; a date is its query."""
        values = self.ai.items()
        path = "/".join(f"{ai}/{quote(value, safe='')}" for ai, value in values if ai not in DATES)
        query = "".join(f"?{ai}={value}" for ai, value in values if ai in DATES)
        return f"https://id.gs1.org/{path}{query}"

    def _dotted(self, digits: int) -> str:
        return ".".join(map(escape, self.parts(digits)))


class Sgtin(Tag, frozen=True):
    """One unit of a product: GTIN-14 and serial number.

    `date` is the AI and YYMMDD (a day 00 leaves the day open) that a DSGTIN+ holds.
    """

    urn: ClassVar[str] = "sgtin"

    gtin: str
    serial: str
    date: tuple[str, str] | None = None

    @property
    def ai(self) -> dict[str, str]:
        """GTIN (01) and serial (21), and the date."""
        return {"01": self.gtin, "21": self.serial} | dict([self.date] if self.date else [])

    def parts(self, digits: int) -> tuple[str, ...]:
        """Give company prefix, indicator with item reference, serial (TDS 2.3, 7.3)."""
        end = 1 + digits
        return self.gtin[1:end], self.gtin[0] + self.gtin[end:13], self.serial


class Sscc(Tag, frozen=True):
    """A logistic unit, such as a pallet: 18 digits."""

    urn: ClassVar[str] = "sscc"

    sscc: str

    @property
    def ai(self) -> dict[str, str]:
        """SSCC (00)."""
        return {"00": self.sscc}

    def parts(self, digits: int) -> tuple[str, ...]:
        """Give company prefix, extension digit with serial reference (TDS 2.3, 7.4)."""
        end = 1 + digits
        return self.sscc[1:end], self.sscc[0] + self.sscc[end:17]


class Sgln(Tag, frozen=True):
    """A place: the 13 digits of its GLN, and the extension where it is a part of that place."""

    urn: ClassVar[str] = "sgln"

    gln: str
    extension: str | None

    @property
    def ai(self) -> dict[str, str]:
        """GLN (414) and extension (254)."""
        return {"414": self.gln} | ({"254": self.extension} if self.extension else {})

    def parts(self, digits: int) -> tuple[str, ...]:
        """Give company prefix, location reference, extension or 0 (TDS 2.3, 7.5)."""
        return self.gln[:digits], self.gln[digits:12], self.extension or "0"


class Grai(Tag, frozen=True):
    """A returnable asset, such as a crate: the 13 digits of its kind, and a serial number."""

    urn: ClassVar[str] = "grai"

    grai: str
    serial: str

    @property
    def ai(self) -> dict[str, str]:
        """GRAI (8003), which begins with a zero that is no part of the key."""
        return {"8003": f"0{self.grai}{self.serial}"}

    def parts(self, digits: int) -> tuple[str, ...]:
        """Give company prefix, asset type, serial (TDS 2.3, 7.6)."""
        return self.grai[:digits], self.grai[digits:12], self.serial


class Giai(Tag, frozen=True):
    """An asset, such as a forklift: a company prefix and the company's own reference."""

    urn: ClassVar[str] = "giai"

    giai: str

    @property
    def ai(self) -> dict[str, str]:
        """GIAI (8004)."""
        return {"8004": self.giai}

    def parts(self, digits: int) -> tuple[str, ...]:
        """Give company prefix, individual asset reference (TDS 2.3, 7.7)."""
        return self.giai[:digits], self.giai[digits:]


Read = Callable[[str, bytes], Tag]


class Scheme(Struct, frozen=True):
    """How tags of one kind are written in bits.

    `lengths` are those of a code in hex digits. `read` takes the code as upper-case hex and as
    bytes (half a byte of filling where the digits are odd), and raises EpcError. `write` takes a
    tag that has no code yet, gives its code in whole words of 16 bits, and raises ContractError.
    `divides` tells whether the length of the company prefix must be known for that.
    """

    name: str
    header: int
    kind: type[Tag]
    lengths: Sequence[int]
    read: Read
    write: Callable[[Tag], str]
    divides: bool


_PAIRS = tuple(3 * (number % 10) + number // 10 for number in range(100))
_WEIGHTS = tuple(left + right for left in _PAIRS for right in _PAIRS)


def check_digit(body: int) -> int:
    """Give the check digit of a key's other digits, 20 at most.

    `devices.gtin.check_digit` says the same of a text, but takes the time of a whole tag.
    """
    weighted = _WEIGHTS[body % 10_000] + _WEIGHTS[body // 10_000 % 10_000]
    body //= 100_000_000
    weighted += _WEIGHTS[body % 10_000] + _WEIGHTS[body // 10_000 % 10_000]
    return -(weighted + _WEIGHTS[body // 100_000_000]) % 10


def is_date(month: int, day: int) -> bool:
    """Tell whether there is such a day; 0 leaves it open (TDS 2.3, 14.5.3)."""
    return 1 <= month <= len(_DAYS) and day <= _DAYS[month - 1]
