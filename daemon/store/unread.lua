#!lua flags=allow-oom
-- Entries of events that nothing reads: acknowledged and deleted, where the document of their customer has nothing to do with
-- them: it is there, is kept for long enough still, and does not mention their type (what a journey of rules that are gone ends
-- by, or waits for, stands in it).
-- ARGV: P, consumer, ms that a document must have left at least, then of each: entry, customer, type in quotes
-- Returns the places, from 1, of those that must be decided. The error LEASE where the daemon's lease ran out.
-- Safe to run twice: what is gone is gone.
local P, consumer, least = ARGV[1], ARGV[2], tonumber(ARGV[3])
--with shared_lease
--with shared_type
local events = P .. ':events'
local wrong = no_lease(consumer) or wrong_key({events, 'stream'})
if wrong then
    return wrong
end
local documents = {}
local function document_of(customer)
    local known = documents[customer]
    if known == nil then
        local key = P .. ':customer:' .. customer
        local left = redis.call('PTTL', key)
        known = (left == -1 or left >= least) and redis.pcall('GET', key)
        known = type(known) == 'string' and known
        documents[customer] = known
    end
    return known
end
local passed, decided = {}, {}
for i = 4, #ARGV, 3 do
    local document = document_of(ARGV[i + 1])
    if document and not string.find(document, ARGV[i + 2], 1, true) then
        passed[#passed + 1] = ARGV[i]
    else
        decided[#decided + 1] = (i - 1) / 3
    end
end
for first = 1, #passed, 1000 do -- what fits on Lua's stack
    local some = {unpack(passed, first, math.min(first + 999, #passed))}
    redis.call('XACK', events, 'nudged', unpack(some))
    redis.call('XDEL', events, unpack(some))
end
return decided
