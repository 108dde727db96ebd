"""Who exports, as OpenTelemetry's conventions for resources name it."""

from uuid import uuid4

from opentelemetry.sdk.resources import Resource

RESOURCE = Resource({"service.name": "lockgate", "service.instance.id": str(uuid4())})
"""Each process is an instance of its own: a collector must not take the counts of two workers for those of one."""
