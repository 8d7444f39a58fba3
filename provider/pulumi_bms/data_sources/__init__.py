"""Functions that a program calls to read the cloud."""
