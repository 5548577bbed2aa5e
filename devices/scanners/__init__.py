"""Scanners and scales: what they send, and what a scanned code says."""
