"""What the states of certificates are called: msgids by member, for every screen alike."""

from __future__ import annotations

from kernel.errors import N_
from ocop.certification import CertificateState

STATES: dict[CertificateState, str] = {
    CertificateState.VALID: N_("Valid"),
    CertificateState.EXPIRING: N_("Expires soon"),
    CertificateState.EXPIRED: N_("Expired"),
    CertificateState.REVOKED: N_("Revoked"),
    CertificateState.NOT_YET: N_("Not yet in force"),
}

#: Tone of the badge, see ``templates/components/badge.html``.
TONES: dict[CertificateState, str] = {
    CertificateState.VALID: "good",
    CertificateState.EXPIRING: "wait",
    CertificateState.EXPIRED: "off",
    CertificateState.REVOKED: "bad",
    CertificateState.NOT_YET: "info",
}
