#!lua flags=no-writes
-- What stands here against messages of another shard that are about to begin, to addresses of this one.
-- ARGV: P, and of each message {class, hash of the address, its short hash, topic}
-- Returns for each {} where nothing does, else {what stands in P:suppressed or '', the record of P:said or
-- ''}.
local P = ARGV[1]
local WIDTH = 4
--with shared_type
--with shared_said
--with shared_objection
local wrong = wrong_key({P .. ':suppressed', 'hash', P .. ':said', 'hash'})
if wrong then
    return wrong
end
local out = {}
for i = 2, #ARGV, WIDTH do
    local class, hash, said, topic = unpack(ARGV, i, i + WIDTH - 1)
    local against = {}
    if objection(class, nil, hash, said, topic ~= '' and topic or nil) then
        against = {redis.call('HGET', P .. ':suppressed', hash) or '',
            redis.call('HGET', P .. ':said', said) or ''}
    end
    out[#out + 1] = against
end
return out
