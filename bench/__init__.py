"""How fast the resources are, and what they cost in calls: `make bench`."""
