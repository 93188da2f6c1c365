#!lua flags=no-writes
-- Messages that are not sent yet, for nudgectl.
-- ARGV: P, mids…
-- Returns for each {{name of a field, its value…}, what it says; false: nothing}, without fields where what stands
-- under its name is no message. Writes nothing.
local P = ARGV[1]
--with shared_message
local function read(mid)
    local row = redis.pcall('HGETALL', message_key(mid))
    local m = row.err and packed_message(mid)
    return {m and row_of(m) or row.err and {} or row, body_of(mid, m and m.body) or false}
end
local out = {}
for i = 2, #ARGV do
    out[#out + 1] = read(ARGV[i])
end
return out
