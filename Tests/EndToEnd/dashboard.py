"""What the tests of the dashboard share: a browser, and pages that fail a test on any complaint of the browser."""

import contextlib
import os
import pathlib
import re

from playwright.sync_api import expect, sync_playwright

CHROMIUM = os.environ.get("MONOFLOW_CHROMIUM", "/usr/bin/chromium")
OUTPUT = pathlib.Path(os.environ.get("MONOFLOW_TEST_OUTPUT", ".build/screenshots"))
TIMEOUT = 15_000
# The browser itself reports answers with a status of 400 and above; the first request without a session is part of normal use.
EXPECTED = r"Failed to load resource: .*status of 401"

expect.set_options(timeout=TIMEOUT)


@contextlib.contextmanager
def browser():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@contextlib.contextmanager
def visitor(chromium, url, width=1280, height=800, scheme="light", expected=EXPECTED, **options):
    """A fresh profile on the login page. Yields the page with `bodies`: every text that the browser has received.

    `expected`: a pattern of console errors that the test brings about.
    """
    context = chromium.new_context(base_url=url, viewport={"width": width, "height": height}, color_scheme=scheme, **options)
    context.set_default_timeout(TIMEOUT)
    context.add_init_script(
        "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective, e.blockedURI))")
    complaints = []
    page = context.new_page()
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" and not re.search(expected, m.text) else None)
    page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
    page.goto("/")
    expect(page.locator("#token")).to_be_visible()
    yield page
    context.close()
    assert complaints == []


def sign_in(page, token):
    page.locator("#token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    settle(page)


def settle(page):
    """Waits until nothing on the page is loading any more."""
    expect(page.locator("main h1, main .empty").first).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)


@contextlib.contextmanager
def visits(chromium, server, people):
    """Gives `open_page(role, path)`: a page of that user of the namespace `team`, signed in. All are closed at the end."""
    with contextlib.ExitStack() as stack:
        def open_page(role, path, **options):
            page = stack.enter_context(visitor(chromium, server.url, **options))
            sign_in(page, getattr(people, role))
            page.goto(path)
            settle(page)
            return page

        yield open_page


def row(page, text):
    return page.locator("tbody tr", has_text=text)


def confirm(page, label):
    dialog(page).get_by_role("button", name=label, exact=True).click()


def shot(page, name):
    page.screenshot(path=OUTPUT / f"{name}.png")


def dialog(page):
    return page.get_by_role("dialog")
