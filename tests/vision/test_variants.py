"""The footage as another camera would have made it: the counts hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.vision_clips import CLIPS, counted, errors, film
from benchmarks.vision_variants import VARIANTS

SHARE = 0.12
"""Of the true crossings so many may be wrong: what an undisturbed clip may, and some more."""


@pytest.mark.parametrize("name", ["shaken by 2 px", "JPEG quality 30"])
@pytest.mark.usefixtures("shared_data")
def test_a_worse_camera_counts_nearly_as_well(name: str) -> None:
    """Shake and strong compression change little of what is counted on the crowded clip."""
    shown = VARIANTS[name](film(CLIPS[1]))
    assert errors(counted(shown), shown.truth()) <= SHARE * shown.truth().total()


def test_the_truth_of_a_mirrored_clip_is_mirrored(shared_data: Path) -> None:
    """Who came in goes out, and no crossing is lost."""
    assert shared_data.is_dir()
    plain, turned = (variant(film(CLIPS[0])) for variant in (lambda f: f, VARIANTS["mirrored"]))
    other = {"in": "out", "out": "in"}
    assert {(c, line, other[way]): n for (c, line, way), n in plain.truth().items()} == dict(
        turned.truth()
    )
