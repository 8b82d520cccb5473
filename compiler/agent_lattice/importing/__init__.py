"""Projects of coding-agent clients as declarations: one file per client reads what its folder holds, `writing` makes the source."""
