"""Control flow of a graph body without its expressions: which tokens can be where, what joins, what comes before what."""
