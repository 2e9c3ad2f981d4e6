"""Instruments as people see them: what each found, how it is drawn, what it means."""
