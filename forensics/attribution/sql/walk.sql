-- walk: every ancestor of every credential. Grain: one row per (credential, ancestor); `grade_rank` is the weakest hop.

select credential_id, ancestor_credential_id, depth, grade_rank
from reached
