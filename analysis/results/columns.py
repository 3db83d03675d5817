"""Columns that several tables of results have."""

from __future__ import annotations

from ..formats.bundle_tables import Column

MODEL = Column("model", "text", "", "Name of the model", True)
N_PERMUTATIONS = Column("n_permutations", "int", "", "Permutations", True)
N_RATERS = Column("n_raters", "int", "", "Raters", True)
# Of the value in the column before.
INTERVAL = (
    Column("low", "float", "", "Lower end of its 95 % interval over raters"),
    Column("high", "float", "", "Upper end of its 95 % interval over raters"),
)
P_MAX_OF_MODELS = Column("p_max", "float", "", "The same against the largest of all models (family-wise)")
