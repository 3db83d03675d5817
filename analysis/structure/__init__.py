"""What RDMs look like: maps, clusters, dimensions, and how raters differ."""

from .clusters import Tree, cluster_agreement, cluster_items, cluster_raters, silhouette_by_clusters, silhouettes
from .dimensions import Dimensionality, dimensionality
from .indscal import INDSCAL, indscal
from .mds import MDS, classical_mds, mds

__all__ = [
    "INDSCAL",
    "MDS",
    "Dimensionality",
    "Tree",
    "classical_mds",
    "cluster_agreement",
    "cluster_items",
    "cluster_raters",
    "dimensionality",
    "indscal",
    "mds",
    "silhouette_by_clusters",
    "silhouettes",
]
