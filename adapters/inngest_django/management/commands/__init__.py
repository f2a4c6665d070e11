"""`manage.py inngest_...`."""
