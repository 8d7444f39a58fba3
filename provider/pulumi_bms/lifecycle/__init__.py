"""The parts that all resources share."""
