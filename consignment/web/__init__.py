"""The public pages of consignment: HTTP in, HTTP out."""
