"""`python -m plusofon_pulumi.plugin`: what the engine runs."""

from plusofon_pulumi.plugin import main

main()
