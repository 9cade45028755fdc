"""The proof of the engine on real objects: only what had to change has changed, as other readers see it."""
