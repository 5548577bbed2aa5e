"""The fixed words of the home page, which its component gets once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.pages.language import Language

PLAN_EXAMPLE = """[[zones]]
id = "floor"
name = "Sales floor"
kind = "sales"
polygon = [[0, 0], [8, 0], [8, 5], [0, 5]]

[[shelves]]
id = "shelf-a"
name = "Shelf A"
zone = "floor"
corner = [1, 1]
size = [2.5, 0.6]"""


def home_words(language: Language) -> dict[str, str]:
    """Give all of them by the names that the component uses."""
    return {
        **_figures(language),
        **_headings(language),
        **_facts(language),
        **_empty(language),
    }


def _figures(language: Language) -> dict[str, str]:
    gettext = language.gettext
    return {
        "figures": gettext("Today at a glance"),
        "people": gettext("In the shop now"),
        "came": gettext("Came today"),
        "sold": gettext("Sold today"),
        "conversion": gettext("Conversion"),
        "gaps": gettext("Stock gaps"),
        "lag": gettext("Channel lag"),
        "lastHour": gettext("The last hour"),
    }


def _headings(language: Language) -> dict[str, str]:
    gettext = language.gettext
    return {
        "plan": gettext("Floor plan"),
        "legend": gettext("How stock stands"),
        "full": gettext("Well stocked"),
        "low": gettext("Low"),
        "gap": gettext("Gap"),
        "stale": gettext("Not seen now"),
        "lanes": gettext("Lanes"),
        "devices": gettext("Devices"),
        "sinks": gettext("Online channel"),
        "labels": gettext("Shelf labels"),
        "shelf": gettext("Shelf"),
        "label": gettext("Shelf label"),
        "lane": gettext("Lane"),
        "device": gettext("Device"),
        "sink": gettext("Online channel"),
        "close": gettext("Close"),
    }


def _facts(language: Language) -> dict[str, str]:
    gettext = language.gettext
    return {
        "products": gettext("Products"),
        "total": gettext("Total"),
        "price": gettext("Price"),
        "labelId": gettext("Label"),
        "battery": gettext("Battery"),
        "accessPoint": gettext("Access point"),
        "kind": gettext("Kind"),
        "model": gettext("Model"),
        "firmware": gettext("Firmware"),
        "settings": gettext("Settings version"),
        "backlog": gettext("Events waiting"),
        "lag": gettext("Channel lag"),
        "delivered": gettext("Delivered"),
        "refused": gettext("Refused"),
        "retry": gettext("Next try"),
        "noPicture": gettext("No picture yet"),
    }


def _empty(language: Language) -> dict[str, str]:
    gettext = language.gettext
    return {
        "noPlan": gettext(
            "The shop has no plan yet. Draw its zones and shelves in store.toml, in metres, "
            "and start store-edge again:"
        ),
        "noPlanExample": PLAN_EXAMPLE,
        "noLanes": gettext("No checkout lane yet. Add one to store.toml as [[lanes]]."),
        "noDevices": gettext(
            "No device has reported yet. Point a reader or camera at this box's MQTT broker; "
            "it appears here to be adopted."
        ),
        "noSinks": gettext("Nothing goes online yet. Add an address to store.toml as [[sinks]]."),
        "noLabels": gettext("No shelf labels yet. Add them to store.toml as [[labels]]."),
        "noProducts": gettext("Nothing stands here. Refill the shelf, or check its reader."),
        "emptyBasket": gettext("The basket is empty. It fills as the shopper scans."),
    }
