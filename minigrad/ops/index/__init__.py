"""Taking elements by index, and putting them back."""
