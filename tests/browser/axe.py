"""axe-core on a page: what it finds against the rules of accessible pages."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.waiting import settled

COLOUR_RULES = ("color-contrast", "link-in-text-block")


def complaints(page: Page, where: str, rules: tuple[str, ...] = ()) -> list[str]:
    """The violations on the page as it stands, each with `where` before it: of all rules, or of some.

    The context must bypass the policy: axe-core styles its probes inline. Its preloading, which serves one rule on
    orientation only, trips over style sheets that were imported into a layer. Of what passes nothing is asked for,
    which would cost more than the violations.
    """
    # A colour halfway through a change is not what anybody reads.
    settled(page)
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    if not page.evaluate("'axe' in window"):  # axe-core is half a megabyte to send and to compile
        page.evaluate(AXE_SCRIPT)
    options = {"preload": False, "resultTypes": ["violations"], **only}
    violations = page.evaluate("(options) => axe.run(options).then((results) => results.violations)", options)
    return [
        f"{where}: {violation['id']}: {node['html'][:160]}: {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]


def complaints_in_both_schemes(page: Page, where: str, rules: tuple[str, ...] = ()) -> list[str]:
    """The violations on a light page, and those of the rules about colours once it is dark; it is light again then.

    The other rules look at what does not depend on the scheme. `rules` are those for the light page, all by default.
    """
    page.emulate_media(color_scheme="light")
    violations = complaints(page, f"{where}, light", rules)
    page.emulate_media(color_scheme="dark")
    violations += complaints(page, f"{where}, dark", COLOUR_RULES)
    page.emulate_media(color_scheme="light")
    return violations
