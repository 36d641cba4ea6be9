"""What every stack that was ever brought up with this package holds of our providers: a format that never changes.

It stands here once more, and not by the product's own constants, so that those cannot change together with our classes.
"""

from __future__ import annotations

DIRECTION_PROVIDER = "gASVPAAAAAAAAACMGHBsdXNvZm9uX3B1bHVtaS5wcm92aWRlcpSMGEFsbG93ZWREaXJlY3Rpb25Qcm92aWRlcpSTlClSlC4="
DIRECTIONS_PROVIDER = "gASVPQAAAAAAAACMGHBsdXNvZm9uX3B1bHVtaS5wcm92aWRlcpSMGUFsbG93ZWREaXJlY3Rpb25zUHJvdmlkZXKUk5QpUpQu"
