"""`store-edge label`: shelf labels."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edge.errors import Refused

label = typer.Typer(help="Shelf labels.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]


class StockWord(StrEnum):
    """How much of a product there is, as a label says it."""

    enough = "in"
    few = "few"
    none = "none"


@label.command("render")
def render_label(  # noqa: PLR0913, PLR0917  (each is an option of the command line)
    gtin: Annotated[str, typer.Option(help="the product")],
    name: Annotated[str, typer.Option(help="its name")],
    amount: Annotated[int, typer.Option(help="its price in minor units")],
    out: Annotated[Path, typer.Option("-o", "--out", help="the PNG to write")],
    currency: str = "CNY",
    template: Annotated[str, typer.Option(help="size and colours of the panel")] = "296x128-bwr",
    unit: Annotated[str, typer.Option(help="shown where there is no unit price: piece")] = "",
    unit_price: Annotated[int | None, typer.Option(help="of one --per, in minor units")] = None,
    per: Annotated[str, typer.Option(help="what the unit price is of: kg, l, 100 g")] = "",
    second_name: Annotated[str, typer.Option(help="the name in another language")] = "",
    promotion: str | None = None,
    regular: Annotated[int | None, typer.Option(help="struck: without the promotion")] = None,
    member: Annotated[int | None, typer.Option(help="the price for members")] = None,
    stock: Annotated[StockWord | None, typer.Option(help="how much there is")] = None,
    link: Annotated[
        str | None,
        typer.Option(help="a GS1 Digital Link QR code at this address, https://id.gs1.org"),
    ] = None,
    locale: Annotated[str | None, typer.Option(help="how prices are written: de_AT")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Draw a shelf label."""
    from devices.gtin import gtin14
    from devices.labels.codes import digital_link
    from devices.labels.render import render
    from edge.events import LabelContent

    full = gtin14(gtin)
    if full is None:
        raise Refused(f"expected a GTIN of 8 to 14 digits with its check digit, came {gtin!r}")
    content = LabelContent(
        full,
        name,
        amount,
        currency,
        template,
        unit,
        {"": second_name} if second_name else {},
        promotion,
        regular,
        member,
        None if stock is None else stock.value,
        unit_price,
        per,
    )
    out.write_bytes(render(content, digital_link(full, link) if link else None, locale))
    typer.echo(json.dumps({"file": str(out), "gtin": full}) if as_json else f"{out} written")
