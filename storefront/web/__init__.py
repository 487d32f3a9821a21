"""The public pages of storefront: HTTP in, HTTP out."""
