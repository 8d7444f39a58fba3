"""`python -m pulumi_bms.host`: serve an engine, or a command of a user (`--help` lists the commands)."""

import signal
import sys

if __name__ == "__main__":
    # Python searches the working directory first: a user's module would replace a standard module here.
    if not sys.flags.safe_path:
        del sys.path[0]

    # An interrupt before the server is ready ends the process without a traceback: imports take a second.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    from pulumi_bms.host.address import is_address

    if not is_address(sys.argv[-1]):
        from pulumi_bms.host.commands import run

        sys.exit(run(sys.argv[1:]))

    from pathlib import Path

    from pulumi_bms.host.server import main

    # Providers may be pickled as names of the program's own modules.
    sys.path.insert(0, str(Path.cwd()))
    main(sys.argv[-1])
