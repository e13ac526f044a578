"""Charts: each file turns numbers into one kind of SVG by its template; CSS gives the colors."""
