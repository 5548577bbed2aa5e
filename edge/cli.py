"""The command `store-edge`. Each command imports what it needs, so that none pays for another."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.cli_epc import epc
from edge.cli_label import label
from edge.cli_video import count, validate
from edge.errors import Refused, StoreEdgeError
from edge.logs import to_stderr

app = typer.Typer(
    name="store-edge",
    help="The edge service of a shop: stock, prices and people, true in the shop and online.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
token = typer.Typer(help="Tokens for API and pages.", no_args_is_help=True)
app.add_typer(epc, name="epc")
app.add_typer(label, name="label")
app.add_typer(token, name="token")
app.command()(count)
app.command()(validate)

Config = Annotated[
    Path,
    typer.Option("--config", "-c", help="the shop's configuration", envvar="STORE_EDGE_CONFIG"),
]
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
STORE_TOML = Path("store.toml")


class RoleName(StrEnum):
    """The roles by name."""

    viewer = "viewer"
    operator = "operator"
    technician = "technician"
    admin = "admin"


def main() -> None:
    """Run a command; an error of ours, or of the machine, is a message, not a stack."""
    to_stderr()
    try:
        app()
    except (StoreEdgeError, OSError) as error:
        typer.echo(str(error), err=True)
        sys.exit(2)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="where to write it")] = STORE_TOML,
    *,
    as_json: Json = False,
) -> None:
    """Write a commented store.toml to start from."""
    from edge.starter import starter

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(starter())
    except FileExistsError:
        typer.echo(f"{path} exists already: move it away or name another file", err=True)
        raise typer.Exit(2) from None
    plain = f"{path} written: edit it, then store-edge check"
    typer.echo(json.dumps({"file": str(path)}) if as_json else plain)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="the file to check")] = STORE_TOML,
    *,
    as_json: Json = False,
) -> None:
    """Check a configuration: every fault at once, with file and line."""
    from edge.config import load
    from edge.errors import ConfigError

    try:
        settings = load(path)
    except ConfigError as error:
        faults = [asdict(fault) for fault in error.faults]
        typer.echo(json.dumps({"ok": False, "faults": faults}) if as_json else str(error))
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps({"ok": True, "settings": settings.model_dump(mode="json")}))
    else:
        typer.echo(
            f"{path} is right: shop {settings.store.id}, {len(settings.zones)} zones, "
            f"{len(settings.devices)} devices, {len(settings.cameras)} cameras, "
            f"{len(settings.labels)} labels, {len(settings.sinks)} sinks"
        )


@app.command()
def run(config: Config = STORE_TOML) -> None:
    """Run the shop: broker, gateway and cameras, each a process that is watched."""
    from edge.config import load
    from edge.processes import run_all

    run_all(load(config), config)


@app.command()
def gateway(config: Config = STORE_TOML) -> None:
    """Run the gateway alone: rules, database, relay, API and pages."""
    from edge.app import serve
    from edge.config import load

    serve(load(config))


@app.command()
def broker(config: Config = STORE_TOML) -> None:
    """Run the embedded broker alone."""
    from edge.config import load
    from edge.processes import run_broker

    run_broker(load(config))


@app.command()
def camera(name: str, config: Config = STORE_TOML) -> None:
    """Run one camera's worker alone."""
    from edge.config import load
    from edge.eyes import watch

    watch(load(config), name)


@app.command()
def access_point(name: str, config: Config = STORE_TOML) -> None:
    """Drive one access point of labels alone."""
    from edge.config import load
    from edge.labelling import reach

    reach(load(config), name)


@app.command()
def record(
    out: Annotated[Path, typer.Option("-o", "--out", help="the folder to record into")] = Path(
        "recordings"
    ),
    max_mb: Annotated[int, typer.Option(min=1, help="megabytes in all; the oldest go")] = 1024,
    file_mb: Annotated[int, typer.Option(min=1, help="megabytes of a file")] = 64,
    config: Config = STORE_TOML,
) -> None:
    """Record what the shop's devices say, until Ctrl-C."""
    from edge.config import load
    from edge.tap import tap

    tap(load(config), out, max_mb, file_mb)


@app.command()
def replay(
    log: Annotated[Path, typer.Argument(help="a recording, or a folder of them")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="the file to write; none: to stdout")
    ] = None,
    database: Annotated[
        Path | None, typer.Option(help="kept, so that a replay can go on; none: a temporary one")
    ] = None,
    restart_every: Annotated[
        int | None, typer.Option(min=1, help="reopen shop and database after so many messages")
    ] = None,
    stop_after: Annotated[
        int | None, typer.Option(min=1, help="end after so many messages")
    ] = None,
    config: Config = STORE_TOML,
) -> None:
    """Run the rules over a recording and print the events as CloudEvents, a line each."""
    from edge.config import load
    from edge.replaying import Portion
    from edge.replaying import replay as run_replay

    portion = Portion(restart_every=restart_every, stop_after=stop_after)
    run_replay(load(config), log, out, database, portion)


@app.command()
def simulate(
    token_env: Annotated[str, typer.Option(help="the variable that holds an operator's token")],
    config: Config = STORE_TOML,
    seed: Annotated[int, typer.Option(help="the same seed repeats the same shop")] = 1,
    port: Annotated[int, typer.Option(help="for its camera's stream and its truth")] = 8091,
) -> None:
    """Run the simulated shop's people and devices against a gateway that runs already."""
    from edge.config import Secret, load
    from edge.simulation import simulate as run_shop

    run_shop(load(config), seed, port, Secret(env=token_env).read())


@app.command()
def webshop(
    secret_env: Annotated[str, typer.Option(help="the variable that holds the webhook secret")],
    host: str = "127.0.0.1",
    port: int = 8090,
) -> None:
    """Run a small web shop that takes the events: to see what an online customer sees."""
    from cloud_bridge.webshop import serve
    from edge.config import Secret

    serve(host, port, Secret(env=secret_env).read())


@app.command()
def demo(
    seconds: Annotated[float | None, typer.Option(help="end after so many seconds")] = None,
    seed: Annotated[int, typer.Option(help="the same seed repeats the same shop")] = 1,
    port: Annotated[int, typer.Option(help="the dashboard's port; 0 takes a free one")] = 8080,
    *,
    as_json: Json = False,
) -> None:
    """Run a whole simulated shop with a web shop beside it."""
    from edge.demo import run_demo

    run_demo(seconds=seconds, seed=seed, port=port, as_json=as_json)


@app.command()
def scan(
    images: Annotated[list[Path], typer.Argument(help="pictures with codes")],
    *,
    as_json: Json = False,
) -> None:
    """Read the codes in pictures; one line a picture."""
    from devices.scanners.gs1 import parse
    from vision.barcodes import scan_file

    failed = False
    for image in images:
        found = scan_file(image)
        failed = failed or found.error is not None
        codes = [
            {
                "text": code.text,
                "symbology": code.symbology,
                "gs1": _told(parse(code.text, code.symbology)),
                "decoder": code.decoder,
            }
            for code in found.codes
        ]
        if as_json:
            row: dict[str, Any] = {"file": str(image), "codes": codes, "ms": round(found.ms, 1)}
            if found.error:
                row["error"] = found.error
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            texts = ", ".join(f"{code['symbology']} {code['text']}" for code in codes)
            typer.echo(f"{image}: {found.error or texts or 'no code'}")
    if failed:
        raise typer.Exit(1)


@app.command()
def epcis(
    start: Annotated[str, typer.Option("--from", help="such as 2026-03-01T09:00:00+08:00")],
    end: Annotated[str, typer.Option("--to", help="such a time too; it is not in the span")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="the file to write; none: to stdout")
    ] = None,
    config: Config = STORE_TOML,
    *,
    as_json: Json = False,
) -> None:
    """Tell what happened to goods in a span of time as a GS1 EPCIS 2.0 document."""
    from edge.capture import capture
    from edge.config import load

    events = capture(load(config), start, end, out)
    if out:
        told = {"file": str(out), "events": events}
        typer.echo(json.dumps(told) if as_json else f"{out} written: {events} events")


@token.command("create")
def create_token(
    role: Annotated[RoleName, typer.Option(help="what it may do")],
    name: Annotated[str, typer.Option(help="whose it is")] = "token",
    config: Config = STORE_TOML,
    *,
    as_json: Json = False,
) -> None:
    """Make a token; it is shown once and only its hash is kept."""
    from edge.config import load
    from edge.tokens import create

    made = create(load(config), name, role.value)
    typer.echo(json.dumps({"token": made, "name": name, "role": role.value}) if as_json else made)


@token.command("revoke")
def revoke_token(
    name: Annotated[str, typer.Argument(help="whose tokens")],
    config: Config = STORE_TOML,
    *,
    as_json: Json = False,
) -> None:
    """Shut out all tokens of a name, within a second."""
    from edge.config import load
    from edge.tokens import revoke

    revoked = revoke(load(config), name)
    if not revoked:
        raise Refused(f"no token of {name!r} is let in: see how it was named when it was created")
    plain = f"{revoked} tokens of {name} revoked"
    typer.echo(json.dumps({"name": name, "revoked": revoked}) if as_json else plain)


def _told(item: Any) -> dict[str, str] | None:  # noqa: ANN401  (a plain pair of the device side)
    told = {"gtin": item.gtin, "serial": item.serial}
    return {key: value for key, value in told.items() if value} or None
