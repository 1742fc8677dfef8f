"""Working through what has a date: claim, run, settle."""
