"""Run the command line: ``python -m plusofon_pulumi``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
