"""What every answer tells the browser it may do: nothing from elsewhere, no script and no style inside a page.

A view that needs more (the scanner its WebAssembly) sets the header itself; what is set already stays.
Source: Content Security Policy Level 3, W3C.
"""

from __future__ import annotations

from flask import Flask, Response, request

from app.assets import assets_of


def init_headers(app: Flask) -> None:
    """Put the security headers on every answer of `app`."""

    @app.after_request
    def add_security_headers(response: Response) -> Response:
        policy = content_security_policy(assets_of(app).style_sources)
        for name, value in security_headers(policy, is_secure=request.is_secure).items():
            response.headers.setdefault(name, value)
        return response


def security_headers(policy: str, *, is_secure: bool) -> dict[str, str]:
    """Answer the headers of a page, for whoever serves one past Flask too."""
    headers = {
        "Content-Security-Policy": policy,
        "Permissions-Policy": "camera=(self), geolocation=()",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def content_security_policy(style_sources: str, *, script_sources: str = "'self'") -> str:
    """Answer the policy; `style_sources` are the digests of the sheets that stand inside pages.

    `form-action 'self'` also blocks a redirect to another host after a POST: lead there by a link on a page of ours.
    """
    return "; ".join(
        [
            "default-src 'self'",
            "img-src 'self' data: blob:",
            f"style-src 'self' {style_sources}",
            f"script-src {script_sources}",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
        ]
    )
