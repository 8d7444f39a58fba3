"""The billing service: what was ordered, what it costs to keep, and how it ends."""
