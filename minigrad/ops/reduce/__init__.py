"""Over dimensions: sums and extremes, scans, sorting, statistics."""
