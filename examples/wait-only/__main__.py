"""Waits for a job that another tool has submitted: `pulumi config set jobId ID`, then `pulumi up`."""

import signal

import pulumi

from pulumi_bms import JobCompletion

# No traceback after a failed `pulumi up`.
signal.signal(signal.SIGINT, signal.SIG_DFL)

web = JobCompletion("web", job_id=pulumi.Config().require("jobId"))

# The ids are known as soon as the job and all its sub-jobs have succeeded.
pulumi.export("server_ids", web.server_ids)
