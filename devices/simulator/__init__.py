"""A whole shop that lives on loopback: people, goods and devices that speak real MQTT and HTTP."""
