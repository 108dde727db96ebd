"""Which targets may answer a request, in which order. Pure: the same function decides, explains and simulates."""

from lockgate_core.routing.planning import NOBODY_OBJECTS, Admit, plan
from lockgate_core.routing.routes import Pattern, Registered, Routes
from lockgate_core.routing.size import Size
from lockgate_core.routing.values import Candidate, Dropped, Plan, Route, Shadow, Status, Strategy, strictest
from lockgate_core.routing.vitals import CALM, Vitals
from lockgate_core.routing.words import can

__all__ = [
    "CALM",
    "NOBODY_OBJECTS",
    "Admit",
    "Candidate",
    "Dropped",
    "Pattern",
    "Plan",
    "Registered",
    "Route",
    "Routes",
    "Shadow",
    "Size",
    "Status",
    "Strategy",
    "Vitals",
    "can",
    "plan",
    "strictest",
]
