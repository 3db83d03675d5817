"""The version of the library, and of the program that ships it."""

__version__ = "0.1.0"
