"""Bring the catalogues up to date, and say what is left to translate."""

from __future__ import annotations

from app.translations.extract import update_all

for language, missing in update_all().items():
    print(f"{language}: {len(missing)} to translate")
    for text in missing:
        print(f"  {text}")
