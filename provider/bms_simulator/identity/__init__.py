"""Accounts, tokens, signatures, and the identity service for all of them."""
