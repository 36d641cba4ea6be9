"""Run the command line: ``plusofon``, or ``python -m plusofon_pulumi``."""

import sys


def main() -> int:
    """Run the command line; an interrupt is told in one line, also while its modules are loaded."""
    try:
        from plusofon_pulumi import cli  # noqa: PLC0415  # within the `try`

        return cli.main()
    except KeyboardInterrupt:
        # Python would complain of what was only half made when it came, such as an answer.
        sys.unraisablehook = lambda _: None
        print("error: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
