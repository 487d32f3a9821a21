"""Whole stories, in a real browser, against the production server."""
