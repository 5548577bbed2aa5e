"""The simulated shop as a process, pointed at a gateway by its settings."""

from __future__ import annotations

from devices.simulator.shop import ShopSettings, run
from edge.addresses import broker_address
from edge.config import Settings
from edge.processes import until_told


def simulate(settings: Settings, seed: int, port: int, token: str) -> None:
    """Run the simulated shop against this gateway until SIGTERM or SIGINT."""
    shop = ShopSettings(
        address=broker_address(settings),
        store=settings.store.id,
        currency=settings.store.currency,
        api=f"http://{settings.api.host}:{settings.api.port}",
        token=token,
        seed=seed,
        port=port,
        references=bool(settings.references),
    )
    run(shop, until_told())
