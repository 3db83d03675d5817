"""What browser tests wait for: pages draw in frames, and browsers store and servers answer when they come to it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Frame, Page

PATIENCE = 60_000  # ms: what happens in the end is asserted, not how fast a busy machine gets there


def drawn(page: Page | Frame) -> None:
    """Wait until what has happened so far is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def settled(page: Page | Frame) -> None:
    """Wait until nothing moves any longer."""
    drawn(page)
    page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null)))")
    drawn(page)


def stored(page: Page) -> None:
    """Wait until the browser's storage holds what the task page has put there so far.

    Transactions on the same store run in the order in which they were made, so that one that reads ends after them all.
    """
    page.evaluate(
        """() => new Promise((resolve, reject) => {
          const opening = indexedDB.open('asterism');
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const database = opening.result;
            const reading = database.transaction(['entries', 'drafts']);
            for (const name of reading.objectStoreNames) reading.objectStore(name).count();
            reading.onabort = () => reject(reading.error);
            reading.oncomplete = () => {
              database.close();
              resolve();
            };
          };
        })"""
    )


def until(page: Page, condition: Callable[[], object]) -> None:
    """Wait until something is so that the page does not show; meanwhile the browser goes on.

    Also for JavaScript, as in `until(page, lambda: page.evaluate("…"))`: Playwright's own wait evaluates strings in the
    page, which its policy forbids.
    """
    for _ in range(PATIENCE // 50):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("what the test waits for has not come true")
