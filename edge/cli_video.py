"""The commands on recordings: `store-edge count` and `store-edge validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Video = Annotated[Path, typer.Argument(help="a recording")]
Lines = Annotated[
    list[str] | None,
    typer.Option("--line", help="x1,y1,x2,y2 in fractions of the picture, or name:x1,y1,x2,y2"),
]
Zones = Annotated[list[str] | None, typer.Option("--zone", help="name:x,y,x,y,... in fractions")]
Masks = Annotated[
    list[str] | None, typer.Option("--mask", help="x,y,x,y,...: nothing in it is looked at")
]
Body = Annotated[float | None, typer.Option(help="a person's height, in picture heights")]
OnnxFile = Annotated[
    Path | None, typer.Option("--model", help="a person detector (ONNX) instead of motion")
]
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]


def count(  # noqa: PLR0913  (options of a command)
    video: Video,
    line: Lines = None,
    zone: Zones = None,
    mask: Masks = None,
    body: Body = None,
    model: OnnxFile = None,
    overlay: Annotated[
        Path | None, typer.Option(help="write the recording with all that was counted (.mp4)")
    ] = None,
    heatmap: Annotated[Path | None, typer.Option(help="write where people were (.png)")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Count people across lines and in zones of a recording."""
    from edge.counting import count_recording
    from edge.scene_options import scene_options

    options = scene_options(line or [], zone or [], mask or [], body, model)
    count_recording(video, options, overlay, heatmap, as_json=as_json)


def validate(  # noqa: PLR0913, PLR0917  (options of a command)
    video: Video,
    truth: Annotated[Path, typer.Argument(help="a CSV file of true crossings or visits")],
    line: Lines = None,
    zone: Zones = None,
    mask: Masks = None,
    body: Body = None,
    model: OnnxFile = None,
    within: Annotated[
        float, typer.Option(help="seconds by which a crossing may be off to be the same one")
    ] = 1.5,
    most: Annotated[
        float | None, typer.Option(help="end with code 1 when the error is above so many percent")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Count a recording and tell how far that is from the truth."""
    from edge.scene_options import scene_options
    from edge.validating import validate_recording

    options = scene_options(line or [], zone or [], mask or [], body, model)
    error = validate_recording(video, truth, options, within, as_json=as_json)
    if most is not None and error > most:
        raise typer.Exit(1)
