"""Run the command line: ``plusofon``, or ``python -m plusofon_pulumi``."""

import signal
import sys


def main() -> int:
    """Run the command line; report an interrupt in one line, also while its modules are loaded."""
    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            # As Ctrl-C, so that `doctor --write` closes what it has opened; `nohup` stays in force.
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, signal.default_int_handler)
        from plusofon_pulumi import cli  # noqa: PLC0415  # within the `try`

        return cli.main()
    except KeyboardInterrupt:
        # Python would complain about objects that were only half made when it came.
        sys.unraisablehook = lambda _: None
        print("error: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
