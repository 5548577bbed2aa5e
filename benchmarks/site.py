"""The simulated shop's configuration, for benchmarks that run its rules without its processes."""

from __future__ import annotations

from pathlib import Path

from devices.simulator.plan import Site, store_toml
from edge.config import Settings, load


def site_settings(folder: Path, missing_after_s: float) -> Settings:
    """Write the shop's store.toml into `folder` and load it; nothing listens at its addresses."""
    site = Site(
        broker="managed",
        mqtt_port=1883,
        api_port=8080,
        webhook_url="http://127.0.0.1:9/webhook",
        secret_env="NONE",  # noqa: S106  (the name of a variable)
        camera_source="http://127.0.0.1:9/camera.mjpg",
        missing_after_s=missing_after_s,
        references=True,
    )
    file = folder / "store.toml"
    file.write_text(store_toml(site), "utf-8")
    return load(file)
