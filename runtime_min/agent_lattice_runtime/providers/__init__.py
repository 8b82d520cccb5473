"""Model providers, one module each with `complete(request, deps) -> Reply`; imported by name when first used."""
