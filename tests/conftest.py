"""Settings of all tests."""

import os

# The workers of a run measure coverage. The programs that tests start do not measure coverage: coverage would import
# modules in a program before the program does.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
