"""The demo tenant: a company in Okta's shapes, made from a seed, served over HTTP and exported as raw truth."""

from holdfast.demo.company import Company, make_company
from holdfast.demo.export import export
from holdfast.demo.options import DEMO_TOKEN, FaultOptions, Plan, RateLimitOptions, TenantOptions

__all__ = [
    "DEMO_TOKEN",
    "Company",
    "FaultOptions",
    "Plan",
    "RateLimitOptions",
    "TenantOptions",
    "export",
    "make_company",
]
