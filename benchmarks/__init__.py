"""Figures of this machine; ratios within one run are what can be compared."""
