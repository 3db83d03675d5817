"""axe-core on a page: what it finds against the rules of accessible pages."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def complaints(page: Page, where: str) -> list[str]:
    """All violations on the page as it stands, each with `where` before it. The context must bypass the policy.

    axe-core styles its probes inline, which the policy forbids, and its preloading trips over style sheets that were
    imported into a layer; that serves one rule on orientation only.
    """
    # A colour half way through a change is not what anybody reads.
    page.evaluate(
        """new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
        .then(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null))))"""
    )
    results = Axe().run(page, options={"preload": False})
    return [
        f"{where}: {violation['id']}: {node['html'][:160]}: {node['failureSummary']}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
