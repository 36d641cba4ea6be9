"""Own the whole list of a Plusofon cabinet: exactly these call directions are open, all others are closed.

`pulumi preview` names each code that somebody opened or closed in the cabinet; `pulumi up` puts it right.
"""

import pulumi

import plusofon_pulumi as plusofon

cabinet = plusofon.AllowedDirections(
    "cabinet",
    codes=["7", "36", "58"],
    # With codes=[], nobody could be called at all.
    #
    # Protected: neither `pulumi destroy` nor a lost line of this program gives the list up by mistake.
    opts=pulumi.ResourceOptions(protect=True),
)

pulumi.export("open", cabinet.directions)
