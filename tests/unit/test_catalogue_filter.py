"""From what a plan names to the endpoints that a step needs."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.catalogue.endpoints import Catalogue, Endpoint, Response
from holdfast.catalogue.filter import MOST, EndpointFilter
from holdfast.catalogue.shapes import FieldType
from holdfast.catalogue.words import EntityWords
from holdfast.errors import NoEndpoint

CATALOGUE = Catalogue.load()
FILTER = EndpointFilter(CATALOGUE)

# Entity and operation as plans name them, and the endpoint that must come first.
CASES = """
User                            list      list_users
users                           get       list_users
user                            get       get_user
user                            describe  get_user
people                          search    list_users
person                          find      list_users
employees                       count     list_users
user accounts                   query     list_users
suspended users                 list      list_users
locked out users                fetch     list_users
active users                    retrieve  list_users
UserFactor                      list      list_user_factors
user_factor                     fetch     list_user_factors
user factors                    find      list_user_factors
MFA factors                     list      list_user_factors
MFA enrollments                 search    list_user_factors
authenticator enrolments        list      list_user_factors
enrolled factors of a user      show      list_user_factors
UserFactor                      get       get_user_factor
factors                         count     list_user_factors
supported factors               list      list_user_supported_factors
log                             search    list_log_events
LogEvent                        list      list_log_events
system log events               query     list_log_events
sign-ins                        list      list_log_events
failed sign-ins                 count     list_log_events
login events                    find      list_log_events
audit log                       search    list_log_events
token                           list      list_api_tokens
API tokens                      list      list_api_tokens
api_token                       get       get_api_token
SSWS tokens                     count     list_api_tokens
Group                           list      list_groups
groups                          search    list_groups
Okta groups                     list      list_groups
group members                   list      list_group_users
members of a group              find      list_group_users
users in group                  list      list_group_users
GroupUser                       list      list_group_users
group membership                list      list_group_users
user_groups                     list      list_user_groups
sso events                      count     list_log_events
app sign-in                     count     list_log_events
application usage               count     list_log_events
impersonation event             list      list_log_events
MFA reset                       list      list_log_events
user lifecycle event            count     list_log_events
group membership change         list      list_log_events
admin role assignment event     list      list_log_events
configuration change            list      list_log_events
tenant changes                  list      list_log_events
push denial                     list      list_log_events
Okta support session            list      list_log_events
rate limit event                list      list_log_events
oauth scope grant               list      list_application_grants
app certificate                 list      list_application_signing_keys
groups of a user                fetch     list_user_groups
user group memberships          list      list_user_groups
group owners                    list      list_group_owners
group rules                     list      list_group_rules
group_rule                      get       get_group_rule
app                             find      list_applications
Application                     get       get_application
SAML applications               list      list_applications
application users               list      list_application_users
AppUser                         list      list_application_users
users assigned to an app        list      list_application_users
application groups              list      list_application_group_assignments
group's applications            list      list_group_applications
user's applications             list      list_user_app_links
applications assigned to a user list      list_user_app_links
application grants              list      list_application_grants
OAuth grants                    list      list_application_grants
user consents                   list      list_user_grants
refresh tokens                  list      list_application_refresh_tokens
client secrets                  list      list_application_client_secrets
Device                          list      list_devices
user devices                    list      list_user_devices
users of a device               list      list_device_users
device assurance policies       list      list_device_assurance_policies
Policy                          list      list_policies
password policies               list      list_policies
sign-on policies                list      list_policies
policy rules                    list      list_policy_rules
PolicyRule                      get       get_policy_rule
network zones                   list      list_network_zones
ip zones                        list      list_network_zones
trusted origins                 list      list_trusted_origins
behaviors                       list      list_behavior_rules
ThreatInsight                   get       get_threat_insight_configuration
authenticators                  list      list_authenticators
authenticator methods           list      list_authenticator_methods
role                            list      list_user_roles
user admin roles                list      list_user_roles
administrators                  list      list_role_assigned_users
admin roles                     list      list_admin_roles
role permissions                list      list_admin_role_permissions
resource sets                   list      list_resource_sets
group roles                     list      list_group_roles
event hooks                     list      list_event_hooks
inline_hook                     list      list_inline_hooks
webhooks                        list      list_event_hooks
log streams                     list      list_log_streams
identity providers              list      list_identity_providers
idps                            list      list_identity_providers
auth servers                    list      list_authorization_servers
authorization server scopes     list      list_authorization_server_scopes
authorization server claims     list      list_authorization_server_claims
user schema                     get       get_user_schema
custom attributes               list      get_user_schema
profile mappings                list      list_profile_mappings
user types                      list      list_user_types
linked objects                  list      list_linked_object_definitions
custom domains                  list      list_custom_domains
brands                          list      list_brands
features                        list      list_features
realms                          list      list_realms
directory agents                list      list_agent_pools
support access                  get       get_okta_support_settings
organization settings           get       get_org_settings
yubikeys                        list      list_yubikey_tokens
session                         get       get_session
user risk                       get       get_user_risk
access requests                 list      list_access_requests
certification campaigns         list      list_certification_campaigns
access reviews                  list      list_certification_reviews
entitlements                    list      list_entitlements
service accounts                list      list_app_service_accounts
users in the Finance department list      list_users
users with MFA                  list      list_users
inactive users                  list      list_users
members of Finance              list      list_group_users
super admins                    list      list_role_assigned_users
phishing-resistant factors      list      list_user_factors
OIDC applications               list      list_applications
network zone IPs                list      list_network_zones
API token owners                list      list_api_tokens
role assignments                list      list_user_roles
user consent grants             list      list_user_grants
suspicious activity             list      list_log_events
policies for applications       list      list_policies
direct reports                  list      list_user_linked_objects
system_log                      query     list_log_events
group                           list_all  list_groups
"""


@pytest.mark.parametrize("case", CASES.strip().splitlines(), ids=lambda case: " ".join(case.split()))
def test_the_best_endpoint_for(case: str) -> None:
    entity, operation, expected = case[:32].strip(), case[32:42].strip(), case[42:].strip()
    assert FILTER.choose(entity, operation)[0].name == expected


def names(entity: str, operation: str, words: str = "") -> list[str]:
    return [endpoint.name for endpoint in FILTER.choose(entity, operation, words)]


def test_what_an_entity_may_mean_comes_likeliest_first() -> None:
    assert names("hooks", "list")[:3] == ["list_event_hooks", "get_event_hook", "list_inline_hooks"]
    assert names("users and groups", "list")[:2] == ["list_users", "list_groups"]
    assert names("users and their groups", "list")[:2] == ["list_users", "list_user_groups"]


def test_the_text_of_the_step_brings_what_gives_the_ids() -> None:
    chosen = names("UserFactor", "list", "MFA factors of all members of the group Finance")
    assert chosen[0] == "list_user_factors"
    assert {"list_group_users", "list_groups"} <= set(chosen)


def test_the_text_of_the_step_brings_what_is_asked_of_each() -> None:
    chosen = names("User", "list", "users logged in in the last 7 days with their applications and groups")
    assert chosen[0] == "list_users"
    assert {"list_user_groups", "list_user_app_links", "list_applications"} <= set(chosen)


def test_the_text_of_the_step_brings_those_whose_ids_stand_in_the_rows() -> None:
    assert names("api token", "list", "tokens with the login of the user who owns each")[2:] == [
        "list_users",
        "get_user",
    ]


@pytest.mark.parametrize("entity", ["\\", "\\1 and their groups"])
def test_no_entity_is_taken_for_a_pattern(entity: str) -> None:
    with pytest.raises(NoEndpoint):
        FILTER.choose(entity, "list")


def test_a_text_without_other_things_brings_nothing_more() -> None:
    assert names("API tokens", "list", "when were they created") == names("API tokens", "list")


def test_an_endpoint_brings_the_one_without_which_it_tells_too_little() -> None:
    assert names("user's applications", "list") == ["list_user_app_links", "list_applications"]


def test_a_text_that_speaks_of_everything_brings_no_more_than_fits() -> None:
    everything = " ".join(endpoint.entity for endpoint in CATALOGUE)
    for entity in ("User", "Policy", "UserApplication", "RoleAssignedUser", "GroupUser"):
        assert len(FILTER.choose(entity, "list", everything)) == MOST


def test_an_endpoint_that_was_added_to_the_data_is_chosen() -> None:
    brewer = _endpoint("list_coffee_machines", "CoffeeMachine")
    larger = EndpointFilter(Catalogue([*CATALOGUE, brewer]))
    assert larger.choose("coffee machines", "count") == (brewer,)
    with pytest.raises(NoEndpoint):
        FILTER.choose("coffee machines", "count")


@pytest.mark.parametrize(
    "worse", [{"lifecycle": "BETA"}, {"lifecycle": "EA"}, {"deprecated": True}], ids=["beta", "early", "deprecated"]
)
def test_a_stable_endpoint_comes_before(worse: dict[str, object]) -> None:
    stable = _endpoint("list_machines", "Machine")
    shaky = _endpoint("list_machines_v2", "Machine").model_copy(update=worse)
    assert EndpointFilter(Catalogue([shaky, stable])).choose("machine", "list") == (stable, shaky)


@pytest.mark.parametrize(
    ("entity", "operation"),
    [("user", "delete"), ("users", "create"), ("factor", "reset"), ("group", "update members"), ("app", "activate")],
)
def test_what_changes_the_tenant_has_no_endpoint(entity: str, operation: str) -> None:
    with pytest.raises(NoEndpoint, match="only reads"):
        FILTER.choose(entity, operation)


def test_another_method_than_get_has_no_endpoint() -> None:
    with pytest.raises(NoEndpoint, match="only reads"):
        FILTER.choose("user", "list", method="POST")


def test_an_unknown_operation_is_said() -> None:
    with pytest.raises(NoEndpoint, match="'frobnicate'; use list"):
        FILTER.choose("user", "frobnicate")


@pytest.mark.parametrize(
    ("entity", "nearest"),
    [("authenticater", "authenticator"), ("trusted orgin", "trusted origin"), ("gadget policies", "policy")],
)
def test_an_unknown_entity_names_the_nearest(entity: str, nearest: str) -> None:
    with pytest.raises(NoEndpoint, match=f"nearest are: .*{nearest}"):
        FILTER.choose(entity, "list")


@pytest.mark.parametrize("entity", ["", "   ", "of", "the", "???", ", and "])
def test_an_entity_of_nothing_is_refused(entity: str) -> None:
    with pytest.raises(NoEndpoint):
        FILTER.choose(entity, "list")


def test_one_unknown_thing_among_several_refuses_all() -> None:
    with pytest.raises(NoEndpoint, match="'gadgets'"):
        FILTER.choose("users and gadgets", "list")


def test_every_synonym_leads_to_entities_that_there_are() -> None:
    entities = {endpoint.entity for endpoint in CATALOGUE}
    words = EntityWords.load()
    assert {entity for meant in words.entities.values() for entity in meant} <= entities
    for alias, meant in words.entities.items():
        assert FILTER.choose(alias, "list")[0].entity == meant[0], alias


def test_every_endpoint_is_found_by_its_own_entity_and_operation() -> None:
    for endpoint in CATALOGUE:
        chosen = FILTER.choose(endpoint.entity, endpoint.operation)
        assert chosen[0].entity == endpoint.entity, endpoint.name
        alike = [one for one in CATALOGUE if one.entity == endpoint.entity]
        assert endpoint in chosen or len(alike) > MOST, endpoint.name


TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["users", "of", "groups", "app", "factor", "policy", "rules", "admin", "role", "and", "token", "MFA", "log"]
        ),
        max_size=6,
    ).map(" ".join),
    st.sampled_from(sorted({endpoint.entity for endpoint in CATALOGUE})),
)


@given(entity=TEXTS, operation=st.sampled_from(["list", "get", "count", "fetch", "search"]), words=TEXTS)
@example(entity="\\", operation="list", words="")
def test_a_choice_is_one_to_five_endpoints_or_a_refusal(entity: str, operation: str, words: str) -> None:
    try:
        chosen = FILTER.choose(entity, operation, words)
    except NoEndpoint:
        return
    assert 1 <= len(chosen) <= MOST
    assert len({endpoint.name for endpoint in chosen}) == len(chosen)


@given(
    entity=st.sampled_from(sorted({endpoint.entity for endpoint in CATALOGUE})),
    operation=st.sampled_from(["list", "get", "count", "fetch"]),
    words=TEXTS,
)
def test_no_endpoint_of_another_entity_stands_above_an_exact_one(entity: str, operation: str, words: str) -> None:
    exact = [endpoint.entity == entity for endpoint in FILTER.choose(entity, operation, words)]
    assert exact[0]
    assert exact == sorted(exact, reverse=True)


@given(entity=TEXTS, words=TEXTS)
def test_a_choice_is_the_same_each_time(entity: str, words: str) -> None:
    def once() -> list[str] | str:
        try:
            return names(entity, "list", words)
        except NoEndpoint as error:
            return str(error)

    assert once() == once()


def _endpoint(name: str, entity: str) -> Endpoint:
    return Endpoint(
        name=name,
        operation_id=name,
        path=f"/api/v1/{name}",
        description="Machines.",
        entity=entity,
        operation="list",
        response=Response(kind="list", of=FieldType(kind="record")),
        bucket="/api/v1",
        cost="one_call",
        lifecycle="GA",
    )
