"""Frames in, numbers out: counting people and reading codes."""
