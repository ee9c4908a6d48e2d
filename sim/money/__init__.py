"""Money: whole øre, one rounding rule, the ledger and the budgets."""
