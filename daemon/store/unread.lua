#!lua flags=allow-oom
-- Entries of events that nothing reads: acknowledged and deleted, where all that they would change is when their customer's profile
-- was last said to be as it is. That holds where the document is there, is kept for long enough still, has their keys, says first
-- of the profile what they say, and does not mention their type (what a journey of rules that are gone ends by stands in it).
-- ARGV: P, consumer, ms that a document must have left at least, what new versions end with (never used before), then of each
--   entry, customer, type in quotes, ms, what it says of the customer or '' for no more than the id, how many keys besides the id:
--   of each its hash, and the key as the document has it
-- Returns the places, from 1, of those that must be decided. The error LEASE where the daemon's lease ran out.
-- Safe to run twice: what is gone is gone, and what was said is newer by nothing.
local P, consumer, least, suffix = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
--with shared_lease
--with shared_type
local events = P .. ':events'
local wrong = no_lease(consumer) or wrong_key({events, 'stream'})
if wrong then
    return wrong
end
local function text_at(key)
    local text = redis.pcall('GET', key)
    return type(text) == 'string' and text
end
-- As they stand now, and will: false where there is none to be used.
local documents, newer = {}, {}
local function document_of(customer)
    if documents[customer] == nil then
        local key = P .. ':customer:' .. customer
        local left = redis.call('PTTL', key)
        documents[customer] = (left == -1 or left >= least) and text_at(key)
    end
    return documents[customer]
end
-- False where it says something else, or by a key that is not the customer's.
local function repeats(customer, document, at, said, keys)
    local count, head, ms, rest =
        string.match(document, '^{"version":"(%d+)[^"]*"([^{]-),"profile":%[%[(%d+),()')
    if not count or string.sub(document, rest, rest + #said) ~= said .. ']' then
        return false
    end
    for i = 1, #keys, 2 do
        if not string.find(head, keys[i + 1], 1, true) or text_at(P .. ':to:' .. keys[i]) ~= customer then
            return false
        end
    end
    if tonumber(ms) < tonumber(at) then
        documents[customer] = string.format('{"version":"%.0f%s"%s,"profile":[[%s,%s', count + 1, suffix, head, at,
            string.sub(document, rest))
        newer[customer] = true
    end
    return true
end
local passed, decided = {}, {}
local i, place = 5, 1
while ARGV[i] do
    local entry, customer, kind, at, said, count = unpack(ARGV, i, i + 5)
    local document, keys = document_of(customer), {unpack(ARGV, i + 6, i + 5 + 2 * count)}
    if document and not string.find(document, kind, 1, true) and
        (said == '' or repeats(customer, document, at, said, keys)) then
        passed[#passed + 1] = entry
    else
        decided[#decided + 1] = place
    end
    i, place = i + 6 + 2 * count, place + 1
end
for customer in pairs(newer) do
    redis.call('SET', P .. ':customer:' .. customer, documents[customer], 'KEEPTTL')
end
for first = 1, #passed, 1000 do -- what fits on Lua's stack
    local some = {unpack(passed, first, math.min(first + 999, #passed))}
    redis.call('XACK', events, 'nudged', unpack(some))
    redis.call('XDEL', events, unpack(some))
end
return decided
