"""The public pages of traceability: HTTP in, HTTP out."""
