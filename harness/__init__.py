"""mwaa-harness: Amazon MWAA on the developer's own machine."""
