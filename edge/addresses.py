"""Where the broker is, as the settings say it."""

from __future__ import annotations

from devices.mqtt import BrokerAddress
from edge.config import Settings

EMBEDDED_USER = "store-edge"  # the embedded broker queues for named clients only


def broker_address(settings: Settings) -> BrokerAddress:
    """Give host, port and credentials; raises ConfigError where a named secret is missing."""
    mqtt = settings.mqtt
    return BrokerAddress(
        host=mqtt.host,
        port=mqtt.port,
        tls=mqtt.tls,
        ca_file=str(mqtt.ca_file) if mqtt.ca_file else None,
        username=mqtt.username or (EMBEDDED_USER if mqtt.broker == "embedded" else None),
        password=mqtt.password.read() if mqtt.password else None,
    )
