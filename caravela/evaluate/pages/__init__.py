"""docs/results.md, section by section, from the JSON under results/. Nothing here decides how a drive goes."""
