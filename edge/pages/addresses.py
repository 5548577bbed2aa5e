"""The addresses of the pages."""

from __future__ import annotations

from urllib.parse import urlencode

SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
LANGUAGE = "/language"
LABEL_PICTURES = "/label-pictures"
CAMERAS = "/cameras"
STATIC = "/pages"


def sign_in_address(path: str, query: str = "") -> str:
    """Where to sign in, to come back to a page afterwards."""
    wanted = f"{path}?{query}" if query else path
    return SIGN_IN if wanted == "/" else f"{SIGN_IN}?{urlencode({'next': wanted})}"


def language_address(code: str, path: str) -> str:
    """Where a page's language is changed."""
    return f"{LANGUAGE}/{code}?{urlencode({'next': path})}"


def picture_address(image: str) -> str:
    """Where a label's picture is."""
    return f"{LABEL_PICTURES}/{image}.png"


def own_path(wanted: str) -> str:
    """Give `wanted` when it is a path of this site, else the home page (open redirects)."""
    printable = wanted.isprintable() and "\\" not in wanted
    return wanted if printable and wanted.startswith("/") and not wanted.startswith("//") else "/"
