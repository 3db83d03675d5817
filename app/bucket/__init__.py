"""Copies of clips in a bucket that speaks S3, for pages to load from. The files on our own disk stay the truth."""
