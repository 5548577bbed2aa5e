"""The fixed words of the pages of cameras, which their components get once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.pages.language import Language


def camera_words(language: Language) -> dict[str, str]:
    """Give all of them by the names that the components use."""
    return {
        **_list(language),
        **_tools(language),
        **_shapes(language),
        **_pictures(language),
        **_versions(language),
    }


def _list(language: Language) -> dict[str, str]:
    gettext = language.gettext
    return {
        "noCameras": gettext("No camera yet. Add one to store.toml as [[cameras]]."),
        "lines": gettext("Counting lines"),
        "areas": gettext("Counted zones"),
        "settings": gettext("Settings version"),
        "none": gettext("none"),
        "setUp": gettext("Set up"),
        "allCameras": gettext("All cameras"),
        "figures": gettext("How it does"),
        "noFigures": gettext("The camera has not told how it does yet."),
    }


def _tools(language: Language) -> dict[str, str]:
    gettext = language.gettext
    return {
        "tools": gettext("Drawing tools"),
        "drawing": gettext("What the camera watches, on its picture"),
        "selectTool": gettext("Select"),
        "lineTool": gettext("Line"),
        "zoneTool": gettext("Zone"),
        "maskTool": gettext("Mask"),
        "bodyTool": gettext("Person size"),
        "undo": gettext("Undo"),
        "done": gettext("Done"),
        "cancel": gettext("Cancel"),
        "selectHint": gettext("Touch a shape to change it, or choose a tool to draw a new one."),
        "selectedHint": gettext(
            "Drag points or the whole shape. Arrow keys move it, Delete removes it."
        ),
        "lineHint": gettext("Drag from one end to the other. The arrow will show which way is in."),
        "zoneHint": gettext("Touch the corners one after another; the first one again ends it."),
        "maskHint": gettext(
            "Touch the corners of what is to be left out: screens, mirrors, the street."
        ),
        "bodyHint": gettext("Drag a box around somebody who stands, from head to feet."),
        "noZones": gettext("The shop has no zones yet. Add them to store.toml as [[zones]]."),
        "point": gettext("Point"),
    }


def _shapes(language: Language) -> dict[str, str]:
    gettext = language.gettext
    return {
        "watched": gettext("What it watches"),
        "nothingDrawn": gettext(
            "Nothing yet. Draw a line at the door to count who comes and goes."
        ),
        "line": gettext("Line"),
        "area": gettext("Zone"),
        "zone": gettext("Zone of the shop"),
        "mask": gettext("Mask"),
        "maskNote": gettext("Nobody is counted here"),
        "body": gettext("Person size"),
        "name": gettext("Name"),
        "entrance": gettext("entrance"),
        "queue": gettext("queue"),
        "isEntrance": gettext("An entrance: it counts who is in the shop"),
        "isQueue": gettext("A queue: people wait here"),
        "in": gettext("in"),
        "out": gettext("out"),
        "swap": gettext("Swap direction"),
        "remove": gettext("Remove"),
        "badName": gettext("A name has a-z, 0-9, - and _ only, a letter or digit first."),
        "nameTwice": gettext("Another line of this camera has this name."),
        "nameElsewhere": gettext("A line of {camera} has this name: their counts would be mixed."),
        "crosses": gettext("The outline crosses itself: move its corners apart."),
        "added": gettext("New"),
        "changed": gettext("Changed"),
        "removed": gettext("Removed"),
        "save": gettext("Save"),
        "discard": gettext("Discard changes"),
        "newerVersion": gettext("Somebody else has saved this camera meanwhile."),
        "loadNewer": gettext("Discard mine and show theirs"),
    }


def _pictures(language: Language) -> dict[str, str]:
    gettext = language.gettext
    return {
        "picture": gettext("Picture of the camera"),
        "noPicture": gettext("Take a picture to draw on. People are blurred in it."),
        "takePicture": gettext("Take a picture"),
        "newPicture": gettext("New picture"),
        "unblurred": gettext("Without blur"),
        "pictureBlurred": gettext(
            "Taken at {time}, people blurred. It is kept nowhere; who asked is noted."
        ),
        "pictureSharp": gettext(
            "Taken at {time}, not blurred. It is kept nowhere; who asked is noted."
        ),
        "pictureLearning": gettext(
            "Taken at {time}. The camera does not know the place well enough yet, so all of it is "
            "blurred: ask again in a minute."
        ),
        "tooSoon": gettext("That was too soon. Ask again in {seconds} s."),
        "noAnswer": gettext("The camera does not answer. See that it has power and net."),
        "noConnection": gettext("No connection to the shop. Try again."),
        "live": gettext("Live"),
        "startLive": gettext("Live view"),
        "stopLive": gettext("End live view"),
        "waiting": gettext("waiting for the camera"),
        "peopleSeen": gettext("people in sight: {count}"),
        "heat": gettext("Heat map"),
        "showHeat": gettext("Heat map"),
        "hideHeat": gettext("Hide heat map"),
        "noHeat": gettext("The camera has sent no heat map yet. It sends one a minute."),
        "heatScale": gettext("Time spent in the last minute"),
        "audit": gettext("Who asked for a picture"),
        "noAudit": gettext("Nobody, as far as the log reaches."),
        "blurred": gettext("people blurred"),
        "sharp": gettext("not blurred"),
    }


def _versions(language: Language) -> dict[str, str]:
    gettext = language.gettext
    return {
        "history": gettext("Earlier settings"),
        "noHistory": gettext("The camera watches what store.toml says."),
        "versionNumber": gettext("Version {version}"),
        "newest": gettext("newest"),
        "rollBack": gettext("Go back to it"),
        "rollBackNow": gettext("Go back"),
        "willChange": gettext("This will change what the camera watches:"),
        "willNotChange": gettext("The camera watches the same already."),
        "unreadable": gettext("Settings of another kind"),
        "nothing": gettext("Nothing is watched"),
    }
