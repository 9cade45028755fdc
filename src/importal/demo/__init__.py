"""The demo: a stand-in archive and sample discs, so that a newcomer sees the whole road on one machine."""
