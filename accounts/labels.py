"""What kinds, forms and roles are called: msgids by member, for every screen alike."""

from __future__ import annotations

from accounts.models import LegalForm, OrganisationKind, PlaceKind, Role
from kernel.errors import N_

KINDS: dict[OrganisationKind, str] = {
    OrganisationKind.PRODUCER: N_("Producer"),
    OrganisationKind.SALES_POINT: N_("Sales point"),
    OrganisationKind.OFFICE: N_("Programme office"),
    OrganisationKind.COUNCIL: N_("Council"),
}

LEGAL_FORMS: dict[LegalForm, str] = {
    LegalForm.ENTERPRISE: N_("Enterprise"),
    LegalForm.COOPERATIVE: N_("Cooperative"),
    LegalForm.COOPERATIVE_GROUP: N_("Cooperative group"),
    LegalForm.HOUSEHOLD: N_("Household business or farm"),
    LegalForm.PUBLIC_BODY: N_("Public body"),
}

ROLES: dict[Role, str] = {
    Role.MANAGER: N_("Manager"),
    Role.STAFF: N_("Staff"),
    Role.VIEWER: N_("Viewer"),
}

#: What a role may do, in a sentence.
ROLE_NOTES: dict[Role, str] = {
    Role.MANAGER: N_("Does everything, and looks after the organisation's people."),
    Role.STAFF: N_("Does the daily work."),
    Role.VIEWER: N_("Only looks."),
}

PLACE_KINDS: dict[PlaceKind, str] = {
    PlaceKind.FIELD: N_("Field or growing area"),
    PlaceKind.WORKSHOP: N_("Workshop"),
    PlaceKind.WAREHOUSE: N_("Warehouse"),
    PlaceKind.COUNTER: N_("Shop or counter"),
    PlaceKind.FAIR: N_("Fair or market stand"),
}

#: How a consent was given.
CHANNELS: dict[str, str] = {
    "screen": N_("On the screen, by themselves"),
    "direct": N_("Face to face"),
    "phone": N_("By telephone"),
    "paper": N_("On paper"),
}

PURPOSES: dict[str, str] = {
    "officer_acts": N_("Officers work for them"),
    "show_phone": N_("Telephone number shown in public"),
    "show_coordinates": N_("Places shown on the map"),
    "show_woman_led": N_("Shown as led by a woman"),
    "show_minority_led": N_("Shown as led by a member of an ethnic minority"),
    "show_youth_led": N_("Shown as led by young people"),
}
