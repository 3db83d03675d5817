"""axe-core on a page: what it finds against the rules of accessible pages."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.waiting import settled


def complaints(page: Page, where: str, rules: tuple[str, ...] = ()) -> list[str]:
    """The violations on the page as it stands, each with `where` before it: of all rules, or of some.

    The context must bypass the policy: axe-core styles its probes inline. Its preloading, which serves one rule on
    orientation only, trips over style sheets that were imported into a layer.
    """
    # A colour half way through a change is not what anybody reads.
    settled(page)
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    results = Axe().run(page, options={"preload": False, **only})
    return [
        f"{where}: {violation['id']}: {node['html'][:160]}: {node['failureSummary']}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
