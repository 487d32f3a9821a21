"""The four ways in which the domain says no, and the mark of a translatable sentence.

An error carries facts, not sentences: ``raise OutOfStock(available=2)``. ``app/errors.py`` alone turns
it into a status and a page. Subclasses live next to the verb that raises them.
"""

from __future__ import annotations


def N_(message: str) -> str:
    """Mark a message for the translators (``pybabel extract -k N_``) without translating it here."""
    return message


class DomainError(Exception):
    """A refusal with a sentence (``message``, msgid in English) and the facts that fill it."""

    message = N_("That cannot be done.")
    #: Name of the form field the refusal belongs to, if it belongs to one.
    field: str | None = None

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.message % facts if facts else self.message)


class InvalidInput(DomainError):
    """What was given cannot be right (422; at a protocol's edge 400)."""

    message = N_("Please check what you entered.")


class NotAllowed(DomainError):
    """The actor may not do this kind of thing (403)."""

    message = N_("You are not allowed to do this.")


class NotFound(DomainError):
    """There is no such row, or none that the actor may see (404)."""

    message = N_("There is no such page.")


class Conflict(DomainError):
    """The state of things does not allow it now (409)."""

    message = N_("This was changed in the meantime. Please look again.")
