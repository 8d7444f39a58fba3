"""Functions of a program to read the cloud."""
