-- Gives what an earlier version has made as the superuser to the role that owns it now. Applied by the admin to each of our
-- databases, before the files that create what is missing; without anything to give it does nothing and takes no lock.
do $ownership$
declare
  given text;
begin
  for given in
    select format('alter schema %I owner to schema_owner', nspname)
      from pg_namespace
     where nspowner = 'postgres'::regrole and nspname in ('catalogue', 'cdc', 'orders', 'payments', 'control')
    union all
    -- An index and a sequence of a column go with their table.
    select format('alter table %s owner to schema_owner', c.oid::regclass)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relowner = 'postgres'::regrole and c.relkind in ('r', 'p')
       and n.nspname in ('public', 'catalogue', 'cdc', 'orders', 'payments', 'control')
    union all
    select format('alter routine %s owner to schema_owner', p.oid::regprocedure)
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p.proowner = 'postgres'::regrole
       and n.nspname in ('public', 'catalogue', 'cdc', 'orders', 'payments', 'control')
    union all
    select format('alter publication %I owner to schema_owner', pubname)
      from pg_publication where pubowner = 'postgres'::regrole and pubname in ('outbox', 'cdc')
  loop
    execute given;
  end loop;
end
$ownership$;
