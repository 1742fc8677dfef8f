"""The verbs: one file each, one visible transaction each; they never call one another."""
