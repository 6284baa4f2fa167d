"""Distractors that give nothing away to a text-only model."""
