#!lua flags=allow-oom
-- What was decided for customers, of each all or nothing: checks that it still holds, then writes all of it.
-- Each is judged alone; one that does not hold, or whose keys are spoilt, costs no other.
-- ARGV: P, consumer ('' for nudgectl, which has no lease and takes no entries), the list's key ('': none), then
-- for each customer: customer ('' for none), version seen ('' for no document), new version, document (''
-- for unchanged), expiry ms, deadline ms (0 for none), number of what is begun at once (as of a take), then
-- lists, each as its name, a count and the items, and behind the last one ''; one that is not there is empty:
--   dry       anything: nothing is written; the answer is what it would be
--   ids       entries, acknowledged and deleted
--   free      hashes assumed not suppressed
--   undeclined  {hash in P:said, topic} assumed not to be declined under that hash
--   withdrawals {mid, where it is assumed to be, why}: deleted; marked while a sender has it, or
--             it waits for an operator's word
--   postponed {mid, ms}: messages that wait for their next try, which must not come before
--   messages  {mid, channel, class, body, on_uncertain, give_up, hash of the address in P:suppressed,
--             in P:said, topic, domain of its mailbox, `returns` of a mail or '', gateway of this
--             daemon's that is free to begin it at once, '' for none}
--   full      {class, since when the customer waits for room for such messages; 0: not}
--   halts     {rule, whether it is assumed to be paused: '1' or ''}
--   halted    {rule, customer, since when sends wait, as it is paused; 0: none does}
--   brakes    rules that this pauses
--   braked    {mid, rule, most, per ms}: counted by the rule's brake, which must let them go
--   codes     {mid, list, run, ms until which what the run has is kept}: messages that are given a code,
--             that of their run where it has one
--   runs      {run, ms}: what they have is kept until then
--   emits     {key of a customer who is assumed to be known, event, or '': that is asked alone}
--   watches   {product, '1' for one that is watched and '' for one that is not any more, ms}
--   tellings  {entry, product, event}: told to all who watch the product; whoever has time does (tell.lua)
--   dead      {kind, reason, detail, body, of an event that nudged made its customer or ''}
--   traces    lines, oldest first
--   relied    {hash of a key, key to which it led or ''}
--   joins     {key, version seen or ''}: documents that become part of this one
--   moves     mids of theirs
--   redirects {hash of a key, '' or the key from which alone it may be turned, expiry ms}: keys
--             that lead to this customer
--   records   {name in P:said, the record that was read or ''}
--   said      {name in P:said, 'no', 'yes' or 'erased', topic or identity, ms}
--   erased    {key of the customer, its hash}: all goes that stood under it before
--   starts    {origin, event} of what waits
--   ticks     of clocks, as they stand in work; each is decided once
--   zones     {customer, zone and place in it before, zone and place now}; '' where there is no document:
--             their place in the index of clocks
--   forgotten origins of those that nobody needs any more
-- Returns for each customer {'done'}, {'gone', ids}, {'moved', key}, {'stale', document or false, {record or false,
-- …}}, {'broken', key, what it is}: one that only this customer has is of a wrong type, or {'facts',
-- name, items, …}: of what was assumed, 'suppressed' hashes, with what stands of each ('suppressions'),
-- 'declined' "<hash>=<topic>", keys of
-- 'unknown' customers, the 'places' of messages: mid, place, mid, place…, the 'halts' of rules: rule, by
-- whom or '', since when, rule…, the mids that are 'braked', and those that are 'codeless': no code is left for them.
-- Behind 'done' stand the lists of codes of which few are left by now, and how many: list, count, list…;
-- and the mids that this daemon has in hand now, begun at once. An error where a key that all share is
-- wrong, or the script failed over it. The error LEASE for all where the daemon's lease ran out.
-- Safe to run twice: the second run finds its own version, or its entries gone.
local P, consumer, inbox = ARGV[1], ARGV[2], ARGV[3]
--with shared_lease
--with shared_outbox
--with shared_pending
--with shared_message
--with shared_said
--with shared_said_merge
--with shared_type
--with shared_elsewhere
--with shared_codes
--with shared_clock
--with shared_zones
local refused = consumer ~= '' and no_lease(consumer)
if refused then
    return refused
end

-- The lists, and how many arguments an item of each has.
local WIDTH = {ids = 1, free = 1, undeclined = 2, withdrawals = 3, messages = 12, emits = 2, dead = 5,
    traces = 1, postponed = 2, full = 2, relied = 2, joins = 2, moves = 1, redirects = 3, records = 2, said = 4,
    erased = 2, starts = 2, forgotten = 1, ticks = 1, zones = 5, halts = 2, halted = 3, brakes = 1,
    braked = 4, codes = 4, runs = 2, dry = 1, watches = 3, tellings = 3}
local EMPTY = {}
for name in pairs(WIDTH) do
    EMPTY[name] = {}
end
local BY_DEFAULT = {__index = EMPTY}

local function read_commit(at)
    local c = setmetatable({customer = ARGV[at], seen = ARGV[at + 1], version = ARGV[at + 2],
        document = ARGV[at + 3], expire = ARGV[at + 4], deadline = ARGV[at + 5], number = ARGV[at + 6]}, BY_DEFAULT)
    at = at + 7
    while ARGV[at] ~= '' do
        local name, count = ARGV[at], tonumber(ARGV[at + 1])
        local items, width = {}, WIDTH[name]
        at = at + 2
        for i = 1, count do
            items[i] = width == 1 and ARGV[at] or {unpack(ARGV, at, at + width - 1)}
            at = at + width
        end
        c[name] = items
    end
    return c, at + 1
end

local events, said_key = P .. ':events', P .. ':said'
local function document_key(key)
    return P .. ':customer:' .. key
end
local function to_key(hash)
    return P .. ':to:' .. hash
end
local now = clock()
--with shared_decided
--with shared_behind
--with shared_begun
--with shared_commit_read
--with shared_commit_check
--with shared_commit_person
--with shared_commit_begin
--with shared_commit_write

local commits, at = {}, 4
while at <= #ARGV do
    commits[#commits + 1], at = read_commit(at)
end
local is_pending, answers, done = read_all(commits), {}, {}
for i, c in ipairs(commits) do
    local ran, answer = pcall(function()
        return check(c, is_pending) or write(c)
    end)
    if not ran then
        answer = redis.error_reply('ERR ' .. (type(answer) == 'table' and answer.err or tostring(answer)))
    elseif answer[1] == 'done' and c.is_written then
        for _, id in ipairs(c.ids) do
            done[#done + 1] = id
        end
    end
    answers[i] = answer
end
note_begun()
in_parts(done, function(first, last)
    redis.call('XACK', events, 'nudged', unpack(done, first, last))
    redis.call('XDEL', events, unpack(done, first, last))
end)
return answers
