"""The end of a wait and the time of the next poll. No HTTP, no Pulumi."""
