"""May we answer? Personal data out first, then a ruling on the words that are left."""
