"""The one table of the back office's menu: label, endpoint, icon, group, and what it takes to see it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, url_for
from flask_babel import gettext

from accounts.actor import Actor, Permission
from kernel.errors import N_


@dataclass(frozen=True)
class Item:
    """A line of the menu."""

    label: str  #: msgid
    endpoint: str
    icon: str
    group: str  #: msgid
    permission: Permission


MENU = [
    Item(N_("Today's work"), "dashboard.show", "home", N_("Work"), Permission.USE_BACK_OFFICE),
]


def navigation_for(actor: Actor, path: str) -> list[dict[str, object]]:
    """List the menu of ``actor`` as the staff layout wants it: label, url, icon, group, current."""
    lines = []
    for item in MENU:
        if actor.may(item.permission) and item.endpoint in current_app.view_functions:
            url = url_for(item.endpoint)
            current = path == url or (url != "/quan-tri" and path.startswith(url + "/"))
            lines.append(
                {
                    "label": gettext(item.label),
                    "url": url,
                    "icon": item.icon,
                    "group": gettext(item.group),
                    "current": current,
                }
            )
    return lines
