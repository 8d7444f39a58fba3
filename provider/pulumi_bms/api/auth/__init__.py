"""Credentials, and their state at every API. No I/O."""
