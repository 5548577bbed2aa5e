"""Third-party tills that report their sales."""
