"""Importal: the front door of a hospital for medical images that were made elsewhere."""

__version__ = "0.1.0"
