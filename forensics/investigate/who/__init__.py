"""Who: the requester of a credential, the grade of that conclusion, and the missing logs."""
