"""Speaking with the outside: each call has a key, and says whether it may be tried again."""
