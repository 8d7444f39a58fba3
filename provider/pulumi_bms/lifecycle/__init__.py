"""The common parts of all resources."""
