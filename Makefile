# Short names for `python3 dev.py TASK`, which says what each does.
demo test check fix generate bench faults clients:
	@python3 dev.py $@

snapshots schemas: generate

.PHONY: demo test check fix generate bench faults clients snapshots schemas
