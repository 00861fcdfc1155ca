"""Writers turn ranked words into a draft; checking drops what a passage does not support."""
