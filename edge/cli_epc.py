"""`store-edge epc`: tag codes. Each command imports what it needs: none pays for another."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edge.errors import Refused

if TYPE_CHECKING:
    from devices.rfid.epc import Broken, Foreign, Tag

epc = typer.Typer(help="Tag codes (GS1 EPC Tag Data Standard).", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]


@epc.command("decode")
def decode_epc(
    codes: Annotated[list[str] | None, typer.Argument(help="tags in hex; none: from stdin")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Tell what tags stand for; one line a tag."""
    from devices.rfid.epc import Tag, decode

    failed = False
    for code in codes or _words(sys.stdin):
        tag = decode(code)
        failed = failed or not isinstance(tag, Tag)
        row = _tag_row(tag)
        plain = f"{row['hex']}: {row['error'] or row['uri']}"
        typer.echo(json.dumps(row) if as_json else plain)
    if failed:
        raise typer.Exit(1)


@epc.command("encode")
def encode_epc(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="pure identity, tag or Digital Link URIs, or element strings such as "
            "'(01)09506000134352(21)6789'; none, and no --gtin: from stdin"
        ),
    ] = None,
    gtin: Annotated[str | None, typer.Option(help="a product instead of names")] = None,
    serial: Annotated[str | None, typer.Option(help="its serial number")] = None,
    scheme: Annotated[
        str | None, typer.Option(help="such as sgtin-96 or sgtin+; none: the shortest that fits")
    ] = None,
    prefix_digits: Annotated[
        int | None, typer.Option(help="length of the company prefix, which '+' schemes do not need")
    ] = None,
    filter_value: Annotated[
        int | None, typer.Option("--filter", help="what is tagged: 1 an item for sale, 2 a case")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Give the codes of tags for things; one line a thing."""
    from devices.rfid.epc import decode, encode, encode_text
    from edge.errors import ContractError

    if gtin is not None or serial is not None:
        if names:
            raise Refused("expected names, or --gtin with --serial, came both")
        ai = {"01": gtin or "", "21": serial or ""}
        code = encode(ai, scheme, prefix_digits, filter_value)
        typer.echo(json.dumps(_tag_row(decode(code))) if as_json else code)
        return
    failed = False
    for name in names or _words(sys.stdin):
        try:
            code = encode_text(name, scheme, prefix_digits, filter_value)
        except ContractError as error:
            failed = True
            row = {"name": name, "hex": None, "path": error.path, "error": str(error)}
            typer.echo(json.dumps(row) if as_json else f"{name}: {error}", err=not as_json)
        else:
            row = {"name": name, **_tag_row(decode(code))}
            typer.echo(json.dumps(row) if as_json else code)
    if failed:
        raise typer.Exit(1)


def _tag_row(tag: Tag | Broken | Foreign) -> dict[str, Any]:
    from devices.rfid.epc import Foreign, Grai, Sgtin, Tag

    known = tag if isinstance(tag, Tag) else None
    return {
        "hex": tag.epc,
        "scheme": None if isinstance(tag, Foreign) else tag.scheme,
        "uri": known.uri if known else None,
        "tag_uri": known.tag_uri if known else None,
        "digital_link": known.digital_link if known else None,
        "gtin": tag.gtin if isinstance(tag, Sgtin) else None,
        "serial": tag.serial if isinstance(tag, Sgtin | Grai) else None,
        "filter": known.filter if known else None,
        "ai": known.ai if known else None,
        "fault": None if isinstance(tag, Tag) else tag.fault,
        "error": None if isinstance(tag, Tag) else tag.error,
    }


def _words(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield from line.split()
