"""What a failed read means: a value that a program can live with, its own mistake, or something a person must mend."""

from __future__ import annotations

import pytest

from holdfast.api_step.trouble import reason_of, refusal_of
from holdfast.catalogue.endpoints import Catalogue
from holdfast.errors import OktaNotFound, OktaRefused, OktaServerError, ProgramFailed
from holdfast.sandbox.interface import RefusalKind

FACTORS = Catalogue.load().endpoint("list_user_factors")


def refused(status: int, code: str | None, words: str = "No.") -> OktaRefused:
    kind = OktaNotFound if status == 404 else OktaRefused
    said = f"{code}: {words}" if code else f"HTTP {status} without a reason"
    return kind(f"{said} (GET /api/v1/users/00u1/factors, HTTP {status}). Mend it.", status=status, code=code)


@pytest.mark.parametrize(
    ("refusal", "kind", "reason"),
    [
        (refused(403, "E0000006"), "forbidden", "E0000006: No."),
        (refused(401, "E0000015"), "forbidden", "E0000015: No."),
        (refused(404, "E0000007"), "not_found", "E0000007: No."),
        (refused(410, None), "not_found", "HTTP 410 without a reason"),
        (refused(400, "E0000001"), "forbidden", "E0000001: No."),
        (refused(403, None), "forbidden", "HTTP 403; the service app may lack the scope okta.users.read"),
    ],
)
def test_what_the_tenant_does_not_tell_is_a_value_in_its_own_words(
    refusal: OktaRefused, kind: RefusalKind, reason: str
) -> None:
    kept = refusal_of(refusal, FACTORS, has_parameters=False)
    assert (kept.refused, kept.reason, kept.text) == (kind, reason.rstrip("."), b"")


@pytest.mark.parametrize("refusal", [refused(401, "E0000011"), refused(400, "invalid_client"), refused(0, None)])
def test_a_login_that_is_refused_ends_the_step_for_a_person_to_mend(refusal: OktaRefused) -> None:
    with pytest.raises(OktaRefused) as raised:
        refusal_of(refusal, FACTORS, has_parameters=True)
    assert raised.value is refusal


def test_parameters_that_the_tenant_does_not_take_are_the_programs_mistake() -> None:
    with pytest.raises(ProgramFailed, match=r"does not take the parameters .* E0000031"):
        refusal_of(refused(400, "E0000031"), FACTORS, has_parameters=True)


def test_trouble_says_how_often_it_was_asked() -> None:
    trouble = OktaServerError("E0000009: Internal Server Error (GET /api/v1/users, HTTP 500). Okta has a problem.")
    assert reason_of(trouble, tries=5) == "asked 5 times: E0000009: Internal Server Error"
