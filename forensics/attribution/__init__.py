"""Attribution: SQL models that say who is behind each credential."""
