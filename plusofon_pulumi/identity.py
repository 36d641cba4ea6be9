"""What a stack's state holds of our resources besides their properties: a format that never changes.

All of it follows from the classes in `provider` and `resources`; it stands here once more, as constants, for those who
must not import Pulumi, and as what every stack that was ever brought up already holds.
"""

from __future__ import annotations

DIRECTION_TYPE = "pulumi-python:dynamic/plusofon:AllowedDirection"
DIRECTIONS_TYPE = "pulumi-python:dynamic/plusofon:AllowedDirections"

# There is one whole list in an account. (The id of an AllowedDirection is its code.)
DIRECTIONS_ID = "allowed-directions"

# The input `__provider`: references to provider.AllowedDirectionProvider and AllowedDirectionsProvider, as the SDK
# pickles them.
PROVIDER_INPUT = "__provider"
DIRECTION_PROVIDER = "gASVPAAAAAAAAACMGHBsdXNvZm9uX3B1bHVtaS5wcm92aWRlcpSMGEFsbG93ZWREaXJlY3Rpb25Qcm92aWRlcpSTlClSlC4="
DIRECTIONS_PROVIDER = "gASVPQAAAAAAAACMGHBsdXNvZm9uX3B1bHVtaS5wcm92aWRlcpSMGUFsbG93ZWREaXJlY3Rpb25zUHJvdmlkZXKUk5QpUpQu"
