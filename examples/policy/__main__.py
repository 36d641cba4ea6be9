"""A policy pack: no calling code that is no country's, and no whole list without protection.

It needs a library of its own, in the environment that `pulumi` runs in:

    pip install -r examples/policy/requirements.txt
    pulumi preview --policy-pack examples/policy

`pulumi up` takes the same option. Without the library, both fail with "No module named 'pulumi_policy'".
"""

from collections.abc import Iterator

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

DIRECTION = "pulumi-python:dynamic/plusofon:AllowedDirection"
WHOLE_LIST = "pulumi-python:dynamic/plusofon:AllowedDirections"

# What ITU-T E.164 gives, or once gave, to services and networks instead of countries. Calls there cost the most, and
# hardly any office makes one, which is why toll fraud likes them. No country's code begins with one of these.
NO_COUNTRY = {
    "800": "International Freephone",
    "808": "International Shared Cost Service",
    "870": "Inmarsat",
    "871": "Inmarsat",
    "872": "Inmarsat",
    "873": "Inmarsat",
    "874": "Inmarsat",
    "878": "Universal Personal Telecommunications",
    "881": "Global Mobile Satellite System",
    "882": "International Networks",
    "883": "International Networks",
    "888": "Telecommunications for Disaster Relief",
    "979": "International Premium Rate Service",
    "991": "International Telecommunication Public Correspondence Service",
}


def declared_codes(resource: ResourceValidationArgs) -> Iterator[str]:
    """Yield the calling codes that a resource opens, as the provider's check has spelled them: digits only."""
    if resource.resource_type == DIRECTION:
        yield resource.props["code"]
    elif resource.resource_type == WHOLE_LIST:
        yield from resource.props["codes"]


def refuse_no_country(resource: ResourceValidationArgs, report: ReportViolation) -> None:
    """Refuse codes of services and networks, also those with more digits (8816)."""
    for code in declared_codes(resource):
        service = NO_COUNTRY.get(code[:3])
        if service:
            report(
                f"{resource.name}: {code} is not a country's calling code: it belongs to {service}. Remove it.", None
            )


def require_protection(resource: ResourceValidationArgs, report: ReportViolation) -> None:
    """Refuse a whole list that a `pulumi destroy` or a lost line of the program would give up."""
    if resource.resource_type == WHOLE_LIST and not resource.opts.protect:
        advice = "Declare it with opts=pulumi.ResourceOptions(protect=True)."
        report(f"{resource.name} is not protected. {advice}", None)


POLICIES: list[Policy] = [
    ResourceValidationPolicy(
        name="only-countries",
        description="Only calling codes of countries may be open.",
        validate=refuse_no_country,
    ),
    ResourceValidationPolicy(
        name="whole-list-is-protected",
        description="A whole list of call directions is protected.",
        validate=require_protection,
    ),
]

# A pack serves until the engine ends it.
if __name__ == "__main__":
    PolicyPack(name="plusofon-directions", policies=POLICIES, enforcement_level=EnforcementLevel.MANDATORY)
