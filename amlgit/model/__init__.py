"""What things are: JSON text, ids, experiments, web service definitions, their validity. Pure."""
