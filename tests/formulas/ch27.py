"""Chapter 27 displays no formula."""

from entries import Chapter

formula = Chapter("27")
