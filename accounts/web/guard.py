"""The guard of the doors: every view is ``@public`` or ``@requires(Permission.X)``.

The actor is made anew for each request from the signed-in person, the organisation they work in now, and
the producer they act for. It is kept on the request, never in ``g`` (an application context that outlives
a request would hand one person's rights to another).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from accounts import membership
from accounts.actor import ANONYMOUS, Actor, Permission
from accounts.models import User
from kernel.errors import N_, NotAllowed

View = TypeVar("View", bound=Callable[..., Any])


class MayNot(NotAllowed):
    message = N_("Your role does not allow this.")


def public(view: View) -> View:
    """Let everybody in. The page must hold nothing personal."""
    vars(view)["access"] = "public"
    return view


def requires(*permissions: Permission) -> Callable[[View], View]:
    """Let in those whose role grants one of ``permissions``; send others to sign-in (302), or refuse them (403)."""

    def turned_away() -> Response | None:
        actor = current_actor()
        if actor is ANONYMOUS:
            return _to_sign_in()
        if not any(actor.may(permission) for permission in permissions):
            raise MayNot()
        return None

    return lambda view: _behind(view, permissions, turned_away)


def signed_in(view: View) -> View:
    """Let in whoever has an account, a member of something or not; send others to sign-in (302).

    For what is a person's own: the view asks :func:`current_person`, and shows nothing of anybody else.
    """

    return _behind(view, "person", lambda: _to_sign_in() if current_person() is None else None)


def current_actor() -> Actor:
    """Tell who is asking."""
    if "actor" not in request.environ:
        request.environ["actor"] = _make_actor()
    actor: Actor = request.environ["actor"]
    return actor


def current_person() -> User | None:
    """Give the row of the person who is signed in, or None."""
    person = current_user
    return person._get_current_object() if person.is_authenticated else None


def forget_actor() -> None:
    """Forget who is asking, when this request itself changed it (signing in, acting for another)."""
    request.environ.pop("actor", None)


def own_path(address: str | None) -> str | None:
    """Give an address back if it is a path of ours, else None: nobody is sent elsewhere from here.

    Browsers read ``//host``, ``/\\host`` and tabs inside as another host.
    """
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    if any(ord(char) < 33 or char == "\\" or ord(char) == 127 for char in address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if not parts.scheme and not parts.netloc else None


def _behind(view: View, access: object, turned_away: Callable[[], Response | None]) -> View:
    """Put a door before a view: ``turned_away`` answers who may not pass, or gives None.

    :param access: whom it lets in, for the policy tests
    """

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return turned_away() or view(*args, **kwargs)

    vars(guarded)["access"] = access
    return cast(View, guarded)


def _to_sign_in() -> Response:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("login.sign_in", next=wanted))


def _make_actor() -> Actor:
    if not current_user.is_authenticated:
        return ANONYMOUS
    return membership.actor_of(
        int(current_user.id),
        organisation_id=session.get("organisation"),
        acting_for_id=session.get("acting_for"),
    )
