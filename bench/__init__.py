"""How long the resources take, and how many calls they make: `make bench`."""
