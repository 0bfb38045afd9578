-- The nodes of the tree that made calls of each sensitive action. $uses: the table of all calls.
select key_uses.event_source, key_uses.event_name, list_sort(list(distinct key_uses.node)) as nodes
from query_table($uses) as key_uses
join sensitive_actions
  on  sensitive_actions.event_source = key_uses.event_source
  and sensitive_actions.event_name = key_uses.event_name
group by key_uses.event_source, key_uses.event_name
order by key_uses.event_source, key_uses.event_name
