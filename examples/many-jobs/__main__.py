"""Waits for many jobs as one resource: `pulumi config set --path jobIds.web ID` for each job, then `pulumi up`."""

import signal

import pulumi

from pulumi_bms import JobCompletions

# No traceback after a failed `pulumi up`.
signal.signal(signal.SIGINT, signal.SIG_DFL)

# One more key is one more job to wait for. Finished jobs are not polled again.
jobs = JobCompletions("jobs", job_ids=pulumi.Config().require_object("jobIds"))

# The server ids of each job, under the key of the job.
pulumi.export("server_ids", jobs.server_ids)
