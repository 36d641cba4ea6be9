"""Keep the call directions of your choice open in a Plusofon account.

Choose them with `pulumi config set codes '["7", "36"]'`; the token comes from PLUSOFON_TOKEN, or from
`pulumi config set --secret plusofon:token`.
"""

import pulumi

import plusofon_pulumi as plusofon

codes = pulumi.Config().get_object("codes", ["7", "36"])

directions = {str(code): plusofon.AllowedDirection(f"direction-{code}", code=code) for code in codes}

pulumi.export("open", {code: direction.english_name for code, direction in directions.items()})
