"""The demo tenant: a company in Okta's shapes, made from a seed, served over HTTP and exported as raw truth."""

from holdfast.demo.cast import MIN_USERS, AwkwardCases
from holdfast.demo.changes import evolve
from holdfast.demo.company import Company, make_company
from holdfast.demo.export import export
from holdfast.demo.options import DEMO_CLIENT_ID, DEMO_TOKEN, FaultOptions, Plan, RateLimitOptions, TenantOptions
from holdfast.demo.server import RunningTenant, running

__all__ = [
    "DEMO_CLIENT_ID",
    "DEMO_TOKEN",
    "MIN_USERS",
    "AwkwardCases",
    "Company",
    "FaultOptions",
    "Plan",
    "RateLimitOptions",
    "RunningTenant",
    "TenantOptions",
    "evolve",
    "export",
    "make_company",
    "running",
]
