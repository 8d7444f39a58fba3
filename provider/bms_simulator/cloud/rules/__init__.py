"""The documented rules of requests."""
