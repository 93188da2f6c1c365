#!lua flags=allow-oom
-- What was decided for customers, of each all or nothing: checks that it still holds, then writes all of it.
-- Each is judged alone; one that does not hold, or whose keys are spoilt, costs no other.
-- ARGV: P, consumer ('' for nudgectl, which has no lease and takes no entries), the list's key ('': none), how many
-- kinds of messages there are, of each {channel, class, gateway of this daemon's that is free to begin such a one at
-- once, '' for none, 1 where nothing is remembered of it once it was sent, else ''}, then for each customer: customer ('' for none), version seen ('' for no
-- document), new version, document ('' for unchanged), expiry ms, deadline ms (0 for none), number of what is begun at
-- once (as of a take), "<place> <zone>" where they stand in the index of clocks and stay ('': see zones), how many
-- items each of these lists has and 1 where a trace that is there expires late enough, else 0 (four bytes for each),
-- and their items, in this order:
--   ids       entries, acknowledged and deleted
--   free      hashes assumed not suppressed
--   records   {name in P:said, the record that was read or ''}
--   undeclined  {hash in P:said, topic} assumed not to be declined under that hash
--   messages  {mid, which of the kinds, give_up, all of it (shared_packed.lua)}
--   running   rules that are assumed not to be paused
--   traces    lines, oldest first
--   relied    {hash of a key, key to which it led or ''}
-- then those that are there seldom, each as its name, a count and the items, and behind the last one '':
--   dry       anything: nothing is written; the answer is what it would be
--   withdrawals {mid, where it is assumed to be, why}: deleted; marked while a sender has it, or
--             it waits for an operator's word
--   postponed {mid, ms}: messages that wait for their next try, which must not come before
--   full      {class, since when the customer waits for room for such messages; 0: not}
--   paused    rules that are assumed to be
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
--   joins     {key, version seen or ''}: documents that become part of this one
--   moves     mids of theirs
--   redirects {hash of a key, '' or the key from which alone it may be turned, expiry ms}: keys
--             that lead to this customer
--   said      {name in P:said, 'no', 'yes' or 'erased', topic or identity, ms}, or {name, 'record', what stands of
--             it in another P:said, ''}
--   erased    {key of the customer, its hash}: all goes that stood under it before
--   starts    {origin, event} of what waits
--   ticks     of clocks, as they stand in work; each is decided once
--   zones     {customer, zone and place in it before, zone and place now}; '' where there is no document:
--             their place in the index of clocks
--   forgotten origins of those that nobody needs any more
-- and with many shards
--   strays    {key of a customer, key of who that is or '', event}: put into P:strays
--   heard     {name in P:said, number of a shard that is told what is said under it}
--   aside     {entry, key of who it is about}: it is put there too
--   leads     {hash of a key, '' or what alone it may have led to, where it is to lead or '', expiry ms}
--   leave     {key of who they will be, event that tells so, entry that asks for it}: the customer, with all that
--             there is of them, goes to P:strays; unless a sender has a message of theirs: then that entry does,
--             and nothing else is done
--   leave_mids, leave_runs, leave_names: their messages, runs that were given codes, names in P:said
--   parcel    what so came from another shard
--   elsewhere keys of customers who have no deadline here
-- Returns for each customer 'done' and the mids that this daemon has in hand now, begun at once, a space before each
-- (where few codes are left in a list {'done', list, how many, list…, that}); {'done'}: by an earlier run, or who
-- was to leave has stayed;
-- {'gone', ids}, {'moved', key}, {'stale', document or false, {record or false, …}}, {'broken', key, what it is}: one
-- that only this customer has is of a wrong type, or {'facts', name, items, …}: of what was assumed, 'suppressed'
-- hashes, with what stands of each ('suppressions'), 'declined' "<hash>=<topic>", keys of 'unknown' customers, the
-- 'places' of messages: mid, place, mid, place…, the 'halts' of rules: rule, by whom or '', since when, rule…, the
-- mids that are 'braked', and those that are 'codeless': no code is left for them. An error where a key that all
-- share is wrong, or the script failed over it. The error LEASE for all where the daemon's lease ran out.
-- Safe to run twice: the second run finds its own version, or its entries gone.
local P, consumer, inbox = ARGV[1], ARGV[2], ARGV[3]
--with shared_lease
--with shared_outbox
--with shared_pending
--with shared_message_keys
--with shared_type
--with shared_clock
local refused = consumer ~= '' and no_lease(consumer)
if refused then
    return refused
end

local EVENTS, SAID, DUE, TAKEN = P .. ':events', P .. ':said', P .. ':due', P .. ':taken'
local SUPPRESSED, HALTED, INDEX = P .. ':suppressed', P .. ':halted', P .. ':index'
local NONE, HEAD, MESSAGE, KIND = {}, 9, 4, 4
local now = clock()
local now_ms = ms(now)

local function document_key(key)
    return P .. ':customer:' .. key
end
local function to_key(hash)
    return P .. ':to:' .. hash
end
local function trace_key(key)
    return P .. ':trace:' .. key
end
local function starts_key(key)
    return P .. ':starts:' .. key
end

-- What follows stands in a function of its own: to make those within it, Lua looks through fewer locals.
local function run()
-- A list begins in ARGV where its field says, and ends where the next one begins.
--with shared_commit_read
--with shared_commit_begin
--with shared_commit_put
--with shared_commit_seldom
--with shared_commit_check
--with shared_commit_write

    local function read_commit(at)
        local id_count, free_count, record_count, undeclined_count, message_count, running_count, trace_count,
            relied_count, stays = struct.unpack('>I4I4I4I4I4I4I4I4I4', ARGV[at + 8])
        local ids = at + HEAD
        local free = ids + id_count
        local records = free + free_count
        local undeclined = records + 2 * record_count
        local messages = undeclined + 2 * undeclined_count
        local running = messages + MESSAGE * message_count
        local traces = running + running_count
        local relied = traces + trace_count
        local rest = relied + 2 * relied_count
        local c = {head = at, customer = ARGV[at], document = ARGV[at + 3], expire = ARGV[at + 4], ids = ids,
            free = free, records = records, undeclined = undeclined, messages = messages, running = running,
            traces = traces, relied = relied, rest = rest, trace_stays = stays == 1, seldom = ARGV[rest] ~= ''}
        return c, (c.seldom and seldom().read(c, rest) or rest) + 1
    end

    local function judge(c)
        if c.is_entangled then -- it may have to do with what another has begun
            note_begun()
        end
        return check(c) or write(c)
    end

    local commits, answers, at, last = {}, {}, read_kinds(4), #ARGV
    while at <= last do
        commits[#commits + 1], at = read_commit(at)
    end
    read_all(commits)
    for i = 1, #commits do
        local ran, answer = pcall(judge, commits[i])
        if not ran then
            answer = redis.error_reply('ERR ' .. (type(answer) == 'table' and answer.err or tostring(answer)))
        end
        answers[i] = answer
    end
    note_begun()
    in_parts(done, function(first, last_of_part)
        redis.call('XACK', EVENTS, 'nudged', unpack(done, first, last_of_part))
        redis.call('XDEL', EVENTS, unpack(done, first, last_of_part))
    end)
    return answers
end
return run()
