"""The task families, one module each, and the types that YAMLs make of them (qagen.tasks.registry)."""
