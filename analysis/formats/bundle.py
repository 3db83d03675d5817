"""The export bundle: the versioned zip that carries a study from the web app to any analysis.

Writing is in `bundle_writer`, reading in `bundle_reader`, the tables' columns in `bundle_tables`.
"""

from __future__ import annotations

from .bundle_archive import BundleError
from .bundle_reader import Bundle, BundleTrial, read_bundle
from .bundle_writer import FORMAT_VERSION, BundleContents, iter_bundle, write_bundle

__all__ = [
    "FORMAT_VERSION",
    "Bundle",
    "BundleContents",
    "BundleError",
    "BundleTrial",
    "iter_bundle",
    "read_bundle",
    "write_bundle",
]
