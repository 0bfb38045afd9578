-- Create a macro that compares two users of one account: by principal ID if both are known, otherwise by name,
-- which IAM does not distinguish by case.
create or replace temporary macro same_user(principal_id, user_name, other_principal_id, other_user_name) as
    coalesce(principal_id = other_principal_id, lower(user_name) = lower(other_user_name))
