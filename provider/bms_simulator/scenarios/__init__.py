"""The timeline of a job, and the scenarios that bend the job, its shape and its responses."""
