"""Waits for a job in each of two accounts. The stack config has a profile for each: see ../README.md."""

import signal

import pulumi

from pulumi_bms import JobCompletion

# No traceback after a failed `pulumi up`.
signal.signal(signal.SIGINT, signal.SIG_DFL)

config = pulumi.Config()

# A profile has a place and a credential. The environment and the other settings do not count beside a profile.
europe = JobCompletion("europe", job_id=config.require("europeJobId"), profile="europe")
china = JobCompletion("china", job_id=config.require("chinaJobId"), profile="china")

pulumi.export("europe", europe.server_ids)
pulumi.export("china", china.server_ids)
