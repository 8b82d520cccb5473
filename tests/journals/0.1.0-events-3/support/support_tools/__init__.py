"""Tools of the support desk."""
