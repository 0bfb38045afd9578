"""Who: who requested a credential, how sure that is, and what is missing."""
