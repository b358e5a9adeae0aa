"""Caravela: an open vision-language-action driving system. The folders are the parts; see docs/architecture.md."""

__version__ = "0.1.0"
