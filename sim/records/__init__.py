"""What a run leaves behind: weekly columns, cohorts, spells, the ledger, and the outcomes made of them."""
