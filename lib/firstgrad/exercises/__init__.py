"""The judges of the book's exercises, one module a chapter, each with a table `EXERCISES` (see firstgrad.check)."""
