"""The HTTP face of the shop: one file of routes per noun."""
