"""The Okta client: it can only read."""

from holdfast.okta.client import CallStats, OktaClient, Page
from holdfast.okta.credentials import ApiToken, Credentials, ServiceApp
from holdfast.okta.pacer import BucketReport

__all__ = ["ApiToken", "BucketReport", "CallStats", "Credentials", "OktaClient", "Page", "ServiceApp"]
