"""The pages for people: what `web/` builds, served as it is."""
