"""`python -m pulumi_bms.host`: serve an engine, or install this host in an infrastructure repository."""

import signal
import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["install"]:
        from pulumi_bms.host.install import main as install

        sys.exit(install(sys.argv[2:]))

    # Until the server handles it, an interrupt ends the process without a traceback: the imports take a second.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    from pulumi_bms.host.server import main

    main(sys.argv[1:])
