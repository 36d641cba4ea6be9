"""Two Plusofon accounts in one program: the stack's own, and a second one with a token of its own.

Give the second token with `pulumi config set --secret secondToken`.
"""

import pulumi

import plusofon_pulumi as plusofon

config = pulumi.Config()

second = plusofon.Provider(
    "second",
    token=config.require_secret("secondToken"),
    base_url=config.get("secondBaseUrl"),
)

office = plusofon.AllowedDirections("office", codes=["7", "36"])
call_centre = plusofon.AllowedDirections("call-centre", codes=["7", "44"], opts=pulumi.ResourceOptions(provider=second))

pulumi.export("office", office.codes)
pulumi.export("callCentre", call_centre.codes)
