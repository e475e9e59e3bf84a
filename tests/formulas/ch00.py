"""Chapter 00 displays no formula."""

from entries import Chapter

formula = Chapter("00")
