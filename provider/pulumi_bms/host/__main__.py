"""`python -m pulumi_bms.host`: serve an engine, or install this host in an infrastructure repository."""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["install"]:
        from pulumi_bms.host.install import main as install

        sys.exit(install(sys.argv[2:]))

    from pulumi_bms.host.server import main

    main(sys.argv[1:])
