"""The back office: screens only, for all roles; no rules of its own."""

from admin import dashboard, gallery

#: The screens, in the order of the menu.
SCREENS = [dashboard.blueprint, gallery.blueprint]
