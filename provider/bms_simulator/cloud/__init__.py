"""The cloud behind the API: operations, the jobs that they start, and the servers and volumes that jobs change."""
