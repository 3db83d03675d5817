"""
Whether a test notices when a remedy is missing: `python -m tests.remedies`.

Each row of the tables here names a remedy, the text of the program that is the remedy, what replaces it once it is
taken out, and the tests that must then fail.
"""
