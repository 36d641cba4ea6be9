"""Run the command line: ``plusofon``, or ``python -m plusofon_pulumi``."""

import sys


def main() -> int:
    """Run the command line; an interrupt while its modules are loaded is told as any other."""
    try:
        from plusofon_pulumi import cli  # noqa: PLC0415  # within the `try`
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
