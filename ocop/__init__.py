"""The One Commune One Product programme: certificates and the stars they allow."""
