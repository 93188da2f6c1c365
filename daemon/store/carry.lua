#!lua
-- Entries of another stream go on in this one, in their order, each once: its name is remembered, and
-- one whose name is known is here already.
-- Refused as a whole when Redis is full: it takes new work in.
-- ARGV: P, ms that names are remembered, and of each entry: its name (a hash), how many fields and values
-- it has, and these…
-- Returns how many are new here. Safe to run twice.
local P, keep = ARGV[1], ARGV[2]
--with shared_type
local wrong = wrong_key({P .. ':events', 'stream'})
if wrong then
    return wrong
end
local at, new = 3, 0
while at < #ARGV do
    local once, count = P .. ':once:' .. ARGV[at], tonumber(ARGV[at + 1])
    if redis.call('EXISTS', once) == 0 then
        local id = redis.call('XADD', P .. ':events', '*', unpack(ARGV, at + 2, at + 1 + count))
        redis.call('SET', once, '- ' .. id, 'PX', keep)
        new = new + 1
    end
    at = at + 2 + count
end
return new
