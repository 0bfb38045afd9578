-- Create a macro that compares two users of one account: by principal ID if both are known, otherwise by name.
create or replace temporary macro same_user(principal_id, user_name, other_principal_id, other_user_name) as
    coalesce(principal_id = other_principal_id, user_name = other_user_name)
