"""How each event type of the demo tenant's log is worded and how severe it is.

Source: Okta's published list of event types; the messages are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Event type → message, severity of a success. What was refused or failed is a warning.
EVENT_TYPES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "app.oauth2.admin.consent.grant": ("Administrator granted scopes to an application", "INFO"),
        "app.oauth2.as.consent.grant": ("User granted consent to an application", "INFO"),
        "app.oauth2.as.token.grant.access_token": ("OAuth 2.0 access token is granted", "INFO"),
        "app.oauth2.as.token.grant.refresh_token": ("OAuth 2.0 refresh token is granted", "INFO"),
        "application.lifecycle.update": ("Application was updated", "INFO"),
        "application.provision.user.push": ("Push new user to the application", "INFO"),
        "application.user_membership.add": ("User was assigned to an application", "INFO"),
        "application.user_membership.remove": ("User was removed from an application", "INFO"),
        "device.enrollment.create": ("Device was enrolled", "INFO"),
        "device.lifecycle.deactivate": ("Device was deactivated", "INFO"),
        "device.lifecycle.suspend": ("Device was suspended", "INFO"),
        "event_hook.created": ("Event hook was created", "INFO"),
        "event_hook.deactivated": ("Event hook was deactivated", "INFO"),
        "event_hook.deleted": ("Event hook was deleted", "INFO"),
        "event_hook.updated": ("Event hook was changed", "INFO"),
        "group.application_assignment.add": ("Group was assigned to an application", "INFO"),
        "group.lifecycle.create": ("Group was created", "INFO"),
        "group.privilege.grant": ("Administrator privilege was granted to a group", "INFO"),
        "group.profile.update": ("Group profile was updated", "INFO"),
        "group.user_membership.add": ("User was added to a group", "INFO"),
        "group.user_membership.remove": ("User was removed from a group", "INFO"),
        "inline_hook.created": ("Inline hook was created", "INFO"),
        "inline_hook.updated": ("Inline hook was changed", "INFO"),
        "policy.evaluate_sign_on": ("Sign-on policy was evaluated", "INFO"),
        "policy.lifecycle.update": ("Policy was updated", "INFO"),
        "policy.rule.update": ("Policy rule was updated", "INFO"),
        "security.behavior.settings.create": ("Behavior detection was created", "INFO"),
        "security.behavior.settings.update": ("Behavior detection was changed", "INFO"),
        "security.request.blocked": ("Request from a blocked address was refused", "WARN"),
        "security.threat.detected": ("Request from a suspicious actor was detected", "WARN"),
        "security.trusted_origin.create": ("Trusted origin was created", "INFO"),
        "security.trusted_origin.update": ("Trusted origin was changed", "INFO"),
        "system.api_token.create": ("API token was created", "INFO"),
        "system.api_token.revoke": ("API token was revoked", "INFO"),
        "system.log_stream.lifecycle.create": ("Log stream was created", "INFO"),
        "system.log_stream.lifecycle.deactivate": ("Log stream was deactivated", "INFO"),
        "system.log_stream.lifecycle.delete": ("Log stream was deleted", "INFO"),
        "system.log_stream.lifecycle.update": ("Log stream was changed", "INFO"),
        "system.org.rate_limit.violation": ("Rate limit was exceeded", "WARN"),
        "system.org.rate_limit.warning": ("Rate limit is nearly reached", "WARN"),
        "user.account.expire_password": ("Password of a user was expired", "INFO"),
        "user.account.lock": ("Account was locked", "WARN"),
        "user.account.privilege.grant": ("Administrator privilege was granted to a user", "INFO"),
        "user.account.privilege.revoke": ("Administrator privilege was taken from a user", "INFO"),
        "user.account.report_suspicious_activity_by_enduser": ("User reported suspicious activity", "WARN"),
        "user.account.reset_password": ("Password of a user was reset", "INFO"),
        "user.account.unlock_by_admin": ("Account was unlocked by an administrator", "INFO"),
        "user.account.update_password": ("User changed the password", "INFO"),
        "user.account.update_profile": ("User profile was updated", "INFO"),
        "user.authentication.auth_via_mfa": ("Authentication of a user by a second factor", "INFO"),
        "user.authentication.sso": ("User signed on to an application", "INFO"),
        "user.lifecycle.activate": ("User was activated", "INFO"),
        "user.lifecycle.create": ("User was created", "INFO"),
        "user.lifecycle.deactivate": ("User was deactivated", "INFO"),
        "user.lifecycle.delete.completed": ("User was deleted", "INFO"),
        "user.lifecycle.delete.initiated": ("Deletion of a user was asked for", "INFO"),
        "user.lifecycle.suspend": ("User was suspended", "INFO"),
        "user.mfa.factor.activate": ("Factor was enrolled", "INFO"),
        "user.mfa.factor.deactivate": ("Factor was removed", "INFO"),
        "user.mfa.factor.reset_all": ("All factors of a user were reset", "INFO"),
        "user.mfa.okta_verify.deny_push": ("User refused an Okta Verify push", "INFO"),
        "user.session.access_admin_app": ("User opened the Admin Console", "INFO"),
        "user.session.impersonation.end": ("Okta Support ended its session", "INFO"),
        "user.session.impersonation.grant": ("Access was granted to Okta Support", "INFO"),
        "user.session.impersonation.initiate": ("Okta Support began a session", "INFO"),
        "user.session.start": ("Sign-in to Okta", "INFO"),
        "zone.update": ("Network zone was updated", "INFO"),
    }
)
_FINE = frozenset({"SUCCESS", "ALLOW", "CHALLENGE", "SKIPPED"})


def wording(event: str, result: str) -> tuple[str, str]:
    """Message and severity of an event of that type and result. KeyError for a type that the log never writes."""
    message, severity = EVENT_TYPES[event]
    return message, severity if result in _FINE else "WARN"
