"""Attribution: the SQL models that determine the actor behind each credential, and the database of a case."""
