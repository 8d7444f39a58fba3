"""The texts about an outcome, for users."""
