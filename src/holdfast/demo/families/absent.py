"""What the company has not bought or switched on, and what it has bought and uses nothing of.

Okta answers 401 E0000015 for a feature that is off: no bad token, nothing to try again, and not the same as "none".
Off are: Identity Governance (campaigns, reviews, access requests, entitlements), realms, disaster recovery, shared
signals, identity sources, privileged access, security keys registered beforehand, cross-application access, custom
device checks and integrations, and personal-data settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from holdfast.demo.company import Company
from holdfast.demo.resources import Collection, Ids, Records, Rows, Single, absent

# OAuth scope → paths of features that are off.
OFF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "okta.realms.read": ("/api/v1/realms", "/api/v1/realms/{id}"),
        "okta.realmAssignments.read": (
            "/api/v1/realm-assignments",
            "/api/v1/realm-assignments/operations",
            "/api/v1/realm-assignments/{id}",
        ),
        "okta.dr.read": ("/api/v1/dr/status", "/api/v1/dr/status/{domain}"),
        "ssf.read": ("/api/v1/ssf/stream", "/api/v1/ssf/stream/status"),
        "okta.securityEventsProviders.read": (
            "/api/v1/security-events-providers",
            "/api/v1/security-events-providers/{id}",
        ),
        "okta.identitySources.read": (
            "/api/v1/identity-sources/{source}/groups/{id}",
            "/api/v1/identity-sources/{source}/groups/{id}/membership",
            "/api/v1/identity-sources/{source}/sessions",
            "/api/v1/identity-sources/{source}/sessions/{id}",
            "/api/v1/identity-sources/{source}/users/{id}",
        ),
        "okta.serviceAccounts.okta.read": (
            "/privileged-access/api/v1/okta-service-accounts",
            "/privileged-access/api/v1/okta-service-accounts/{id}",
        ),
        "okta.serviceAccounts.read": (
            "/privileged-access/api/v1/service-accounts",
            "/privileged-access/api/v1/service-accounts/{id}",
        ),
        "okta.users.read": ("/webauthn-registration/api/v1/users/{user}/enrollments",),
        "okta.apps.read": (
            "/api/v1/apps/{app}/cwo/connections",
            "/api/v1/apps/{app}/cwo/connections/{id}",
            "/api/v1/apps/{app}/federated-claims",
            "/api/v1/apps/{app}/federated-claims/{id}",
        ),
        "okta.apps.interclientTrust.read": (
            "/api/v1/apps/{app}/interclient-allowed-apps",
            "/api/v1/apps/{app}/interclient-target-apps",
        ),
        "okta.directories.groups.read": ("/api/v1/directories/{app}/groups/{group}/query/{id}",),
        "okta.deviceIntegrations.read": ("/api/v1/device-integrations", "/api/v1/device-integrations/{id}"),
        "okta.devicePostureChecks.read": (
            "/api/v1/device-posture-checks",
            "/api/v1/device-posture-checks/default",
            "/api/v1/device-posture-checks/{id}",
        ),
        "okta.personal.adminSettings.read": ("/okta-personal-settings/api/v1/export-blocklists",),
        "okta.roles.read": (
            "/api/v1/iam/governance/bundles",
            "/api/v1/iam/governance/bundles/{id}",
            "/api/v1/iam/governance/bundles/{bundle}/entitlements",
            "/api/v1/iam/governance/bundles/{bundle}/entitlements/{id}/values",
            "/api/v1/users/{user}/roles/{role}/governance",
            "/api/v1/users/{user}/roles/{role}/governance/{id}",
            "/api/v1/users/{user}/roles/{role}/governance/{id}/resources",
        ),
        # The whole surface, whatever is asked of it.
        "okta.governance.accessCertifications.read": ("/governance/api/{rest:.+}",),
    }
)


def _nothing(_: Company, __: Ids) -> Records:
    return {}


# Anyone may ask for these, and learns that there is nothing.
AUTHENTICATOR_APPS = Collection(
    "/.well-known/app-authenticator-configuration", "Configuration", None, _nothing, needs=("oauthClientId",)
)
ASSET_LINKS = Collection("/.well-known/assetlinks.json", "AssetLink", None, _nothing)
# Bought, and nothing of it is set up.
PUSH_PROVIDERS = Collection("/api/v1/push-providers", "PushProvider", "okta.pushProviders.read", _nothing)
TELEPHONY = Collection(
    "/api/v1/telephony-providers", "TelephonyProvider", "okta.customTelephonyProvider.read", _nothing
)
ROUTES = (
    *AUTHENTICATOR_APPS.routes(things=False),
    *ASSET_LINKS.routes(things=False),
    *absent(None, "/.well-known/ssf-configuration"),
    *(route for scope, paths in OFF.items() for route in absent(scope, *paths)),
    *PUSH_PROVIDERS.routes(),
    *TELEPHONY.routes(),
    *Single("/api/v1/iam/governance/optIn", "okta.roles.read", lambda *_: {"optInStatus": "OPTED_OUT"}).routes(),
)
EXPORTED: Mapping[str, Rows] = MappingProxyType({})
