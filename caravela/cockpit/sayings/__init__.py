"""Sayings that the head learns from, how it learns, and how well it understands those that it never saw."""
