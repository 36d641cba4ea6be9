"""Own the whole list of a Plusofon account: exactly these call directions are open, all others are closed.

`pulumi preview` names each code that somebody opened or closed in the account; `pulumi up` puts it right.
"""

import pulumi

import plusofon_pulumi as plusofon

account = plusofon.AllowedDirections(
    "account",
    codes=["7", "36", "58"],
    # With codes=[], nobody could be called at all.
    #
    # Protected: neither `pulumi destroy` nor a lost line of this program gives the list up by mistake.
    opts=pulumi.ResourceOptions(protect=True),
)

pulumi.export("open", account.directions)
