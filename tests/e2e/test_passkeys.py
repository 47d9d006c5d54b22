"""Somebody adds a passkey and signs in with it, at the browser's own authenticator."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import SignIn
from tests.e2e.stage import Stage
from tests.e2e.test_accessibility import faults
from tests.integration.api.conftest import PASSWORD

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_authenticator(page: Page) -> str:
    """Give the browser an authenticator that always finds its holder."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    added = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return str(added["authenticatorId"])


def test_a_passkey_is_added_used_and_revoked(stage: Stage, sign_in: SignIn) -> None:
    """From the page of the account to a sign-in without a password, and its end."""
    page = sign_in(root=stage.named_url)
    with_authenticator(page)
    page.get_by_role("link", name="some-dispatcher").click()
    page.wait_for_url("**/account")
    page.locator("html[data-ready] .topbar").wait_for()  # before, a button does nothing
    expect(page.get_by_role("row", name="this browser")).to_be_visible()
    add = page.locator("[data-passkey-add]")
    add.get_by_label("Name").fill("desk computer")
    add.get_by_label("Your password").fill("wrong")
    add.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("[data-said]")).to_contain_text("password is wrong")
    add.get_by_label("Your password").fill(PASSWORD)
    add.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("row", name="desk computer")).to_contain_text("never")
    assert faults(page) == []

    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("User name").fill("some-dispatcher")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Accept and sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("has a passkey")
    page.get_by_role("button", name="use a passkey").click()
    page.locator("html[data-ready] .topbar").wait_for()
    expect(page.locator(".who")).to_contain_text("some-dispatcher")

    page.goto(f"{stage.named_url}/account")
    page.locator("html[data-ready] .topbar").wait_for()
    expect(page.get_by_role("row", name="desk computer")).to_contain_text("ago")
    page.get_by_role("button", name="Revoke desk computer").click()
    expect(page.get_by_text("No passkey yet.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="use a passkey").click()
    expect(page.locator(".signin [data-said]")).to_contain_text("unknown, revoked")
    assert faults(page) == []
