"""The log of proof in public: what it says of itself, and proofs to take away. Names as in ``app.log_files``."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from accounts.web.guard import public
from app import log_files
from app.log_files import TileName
from kernel import checkpoints, clock, pages, proof
from kernel.log_models import LogCheckpoint
from kernel.proof import NoCheckpoint, NoSuchTree, NotInTheLog, Proof
from kernel.text import one_line
from traceability import declarations, known_lots, queries
from traceability.queries import Happening

blueprint = Blueprint("log", __name__, url_prefix="/so-minh-bach")

#: So many signed days stand on the page; the others are got by their addresses.
DAYS_SHOWN = 31


@blueprint.get("/")
@public
def show() -> str:
    """Say what the log proves and what it does not, and how anybody checks it."""
    pages.depends_on(pages.LOG)
    signed = proof.checkpoints()
    return render_template(
        "app/log/show.html",
        latest=signed[0] if signed else None,
        signed=signed[:DAYS_SHOWN],
        key=log_files.key_line().strip(),
        base=current_app.config["OCOP"].base_url + "/so-minh-bach",
    )


@blueprint.get("/checkpoint")
@public
def checkpoint() -> Response:
    """Give the newest checkpoint."""
    latest = proof.latest_checkpoint()
    if latest is None:
        raise NoCheckpoint()
    return _text(latest.text)


@blueprint.get("/checkpoints/<day>.txt")
@public
def of_day(day: str) -> Response:
    """Give the checkpoint of a day."""
    try:
        found = proof.get_checkpoint(date.fromisoformat(day))
    except ValueError:
        raise NoCheckpoint() from None
    return _for_good(_text(found.text))


@blueprint.get("/checkpoints.txt")
@public
def days() -> Response:
    """List the days that have a checkpoint."""
    return _text(log_files.days())


@blueprint.get("/khoa.txt")
@public
def key() -> Response:
    """Give the public key that the log is signed by."""
    return _text(log_files.key_line())


@blueprint.get("/verify.py")
@public
def verifier() -> Response:
    """Give the program that checks proofs without us."""
    answer = Response(log_files.VERIFIER.read_bytes(), mimetype="text/x-python")
    answer.headers["Content-Disposition"] = 'attachment; filename="verify.py"'
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/tile/<path:name>")
@public
def tile(name: str) -> Response:
    """Give a tile of the signed tree, or the beginning of one (C2SP tlog-tiles)."""
    wanted = TileName.read(name)
    if wanted is None:
        raise NoSuchTree()
    answer = Response(log_files.tile(wanted), mimetype="application/octet-stream")
    # The beginning of a tile is the same for good too, but its name is asked for a day long only.
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return _for_good(answer) if wanted.is_full else answer


@blueprint.get("/bang-chung/<int:position>.json")
@public
def of_record(position: int) -> Response:
    """Prove that a record stands in the log."""
    signed, (found,) = proof.prove([position])
    return _json(f"bang-chung-{position}", {**_record(found), **_signed(signed)})


@blueprint.get("/lo/<organisation_code>/<token>.json")
@public
def of_batch(organisation_code: str, token: str) -> Response:
    """Prove all steps of a batch that were signed, as its page tells them, and what was declared of it and its chain:
    of that, which is its own people's to read, the place and the fingerprint.
    """
    story = queries.batch_story(organisation_code, token, clock.business_date(clock.now()))
    return _of_steps(f"bang-chung-{token}", story.happenings, story.lots)


@blueprint.get("/truy-xuat/lo.json")
@public
def of_known_lot() -> BaseResponse:
    """Prove the same of a lot that captured events alone tell of, by its name; of a batch at its own address."""
    name = known_lots.read(one_line(request.args.get("ma", "")))
    found = known_lots.known([name]).get(name)
    if found is None:
        raise queries.NoSuchBatch()
    if found.batch_path is not None:
        return redirect(f"{blueprint.url_prefix}{found.proof_path}", 307)
    story = known_lots.story_of(found)
    return _of_steps("bang-chung-lo", story.happenings, story.lots)


def _of_steps(name: str, happenings: Iterable[Happening], lot_ids: Collection[int]) -> Response:
    positions = [one.position for one in happenings if one.position is not None]
    positions += declarations.signed_positions(lot_ids)
    if not positions:
        raise NotInTheLog()
    signed, found = proof.prove(positions)
    return _json(name, {"records": [_record(one) for one in found], **_signed(signed)})


@blueprint.get("/nhat-quan/<int:first>-<int:second>.json")
@public
def growth(first: int, second: int) -> Response:
    """Prove that the log of a size begins with that of a smaller one."""
    hashes = proof.prove_growth(first, second)
    return _json(
        f"nhat-quan-{first}-{second}",
        {"first": first, "second": second, "proof": _encoded(hashes), "key": log_files.key_line().strip()},
    )


def _record(found: Proof) -> dict[str, Any]:
    """Tell of a record; of one that is not for everybody, only its place and its fingerprint."""
    told: dict[str, Any] = {"position": found.position, "kind": found.kind, "content": None}
    if found.content is not None:
        told |= {"reference": found.reference, "content": found.content.decode()}
    return told | {"leafHash": _encoded([found.leaf_hash])[0], "proof": _encoded(found.path)}


def _signed(row: LogCheckpoint) -> dict[str, Any]:
    said = checkpoints.read(row.text)
    return {
        "day": row.day.isoformat(),
        "size": row.size,
        "root": _encoded([row.root])[0],
        "checkpoint": row.text,
        "key": str(proof.signer().verifying_key(said.origin)),
    }


def _encoded(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(one).decode() for one in hashes]


def _json(name: str, value: dict[str, Any]) -> Response:
    answer = Response(json.dumps(value, ensure_ascii=False, indent=1) + "\n", mimetype="application/json")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}.json"'
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _text(text: str) -> Response:
    answer = Response(text, content_type="text/plain; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _for_good(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer
