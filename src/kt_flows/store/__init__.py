"""Everything that lasts: tables, the one commit, named queries."""
