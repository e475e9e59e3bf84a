"""The judges of the book's exercises, a module a chapter with a table `EXERCISES` (see firstgrad.check)."""
