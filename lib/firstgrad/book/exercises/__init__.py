"""The book's exercises' judges, a module a chapter with a table `EXERCISES` (see firstgrad.book.answers)."""
