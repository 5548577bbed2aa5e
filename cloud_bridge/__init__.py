"""Sinks that take the shop's events to the online channel, and what comes back."""
