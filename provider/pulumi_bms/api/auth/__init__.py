"""Credentials, and what an API thinks of them. No I/O."""
