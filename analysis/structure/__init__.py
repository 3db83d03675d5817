"""What an RDM looks like: maps of the clips."""

from analysis.structure.mds import MDS, classical_mds, mds

__all__ = ["MDS", "classical_mds", "mds"]
