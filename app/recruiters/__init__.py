"""Recruiters: what their links bring, how a link is signed, and how participants get back to them.

Pure functions without database or web. `known` lists the recruiters, `arrival` reads a link's parameters, `signing`
makes and checks signed links, `completion` fills in the address that leads back.
"""
