"""Wrong options that give nothing away."""
