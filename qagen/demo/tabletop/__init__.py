"""A desk with things of 5 to 40 cm on it, filmed from close by with the apartment's shapes, light and sensors."""
