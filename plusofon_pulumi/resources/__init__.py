"""What Pulumi programs declare."""

from plusofon_pulumi.resources.direction import AllowedDirection
from plusofon_pulumi.resources.directions import AllowedDirections
from plusofon_pulumi.resources.provider import Provider

__all__ = ["AllowedDirection", "AllowedDirections", "Provider"]
