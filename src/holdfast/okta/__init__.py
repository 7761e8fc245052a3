"""The Okta client: it can only read."""

from holdfast.okta.client import CallMeter, CallStats, OktaClient, Page, Reading
from holdfast.okta.credentials import ApiToken, Credentials, ServiceApp
from holdfast.okta.pacer import BucketReport, Standing

__all__ = [
    "ApiToken",
    "BucketReport",
    "CallMeter",
    "CallStats",
    "Credentials",
    "OktaClient",
    "Page",
    "Reading",
    "ServiceApp",
    "Standing",
]
