"""Output: answers and rows as text and files; the only room that escapes and masks."""
