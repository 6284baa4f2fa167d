"""A desk with things of 5 to 38 cm on it, filmed from close by with the apartment's shapes, light and sensors."""
