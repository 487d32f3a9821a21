"""Selling online: what a visitor finds, reads and (with its own issue) buys."""
