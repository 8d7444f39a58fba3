"""HTTP exchanges with bounds. Knows no cloud."""
