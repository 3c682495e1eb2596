-- Public keys of identity providers, as they were fetched from auth.jwks_url: any node's courier fetches, all workers read.
create table token_keys (
    url      text primary key,
    -- The document (RFC 7517); null: it never came.
    document text,
    -- When somebody last began to fetch.
    tried    timestamptz not null default now(),
    -- When it is fetched the next time; whoever begins puts it off, so that two do not, and one that dies is followed.
    due      timestamptz not null
);
