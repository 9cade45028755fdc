"""The project's own rules: what ruff, mypy and import-linter cannot know, each with its story."""
