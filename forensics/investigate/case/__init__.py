"""Case: what is loaded, what it covers, and what the digests prove."""
