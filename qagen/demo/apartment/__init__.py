"""The demo apartment: what it is made of, and how it is filmed."""
