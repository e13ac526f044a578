"""K-means: first centers, Lloyd's algorithm, and the best of several restarts."""
