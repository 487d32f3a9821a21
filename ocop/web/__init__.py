"""The public pages of ocop: HTTP in, HTTP out."""
