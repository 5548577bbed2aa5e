"""Shelf labels: drawing, and the ways to reach them."""
