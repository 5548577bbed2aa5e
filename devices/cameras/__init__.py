"""Cameras that count people: native messages and third-party counters."""
