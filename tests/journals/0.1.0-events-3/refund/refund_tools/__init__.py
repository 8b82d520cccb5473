"""Tools of the refund desk."""
