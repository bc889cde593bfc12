"""The words for what the machine says in codes."""
