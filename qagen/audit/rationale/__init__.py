"""Rationales: read back from their sentences, and compared with steps that the audit takes on its own."""
