"""Planning a study: what is asked, what the study says of itself, and the work in the background."""
