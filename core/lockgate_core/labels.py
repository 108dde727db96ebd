"""On whose behalf a call is made, where its caller does not say all of it."""

from msgspec import structs

from lockgate_ports.caller import NOBODY, Caller


def completed(caller: Caller, default: Caller) -> Caller:
    """`caller`, with the tenant and the labels of `default` that it leaves open."""
    if default is NOBODY or caller is NOBODY:
        return caller if default is NOBODY else default
    said = {name for name, _ in caller.labels}
    added = tuple((name, value) for name, value in default.labels if name not in said)
    tenant = caller.tenant if caller.tenant is not None else default.tenant
    return structs.replace(caller, tenant=tenant, labels=caller.labels + added)
