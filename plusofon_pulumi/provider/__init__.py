"""The dynamic resource providers: what Pulumi's engine calls, in the plugin process.

State stores the providers by reference to this package, so the dotted path of each class is a state format: never move
one. They take no arguments and keep no attributes before `configure`, so that nothing else, least of all a token, is
pickled into state.
"""

from plusofon_pulumi.provider.direction import AllowedDirectionProvider
from plusofon_pulumi.provider.directions import AllowedDirectionsProvider

__all__ = ["AllowedDirectionProvider", "AllowedDirectionsProvider"]

# Where state looks for them, wherever in this package their code is.
for _provider in (AllowedDirectionProvider, AllowedDirectionsProvider):
    _provider.__module__ = __name__
