"""When a wait ends, and when to look again. Knows nothing of HTTP and nothing of Pulumi."""
