"""Users who sign in, their tokens, and projects."""
