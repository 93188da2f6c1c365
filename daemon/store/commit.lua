#!lua flags=allow-oom
-- One customer, one decision, all or nothing: checks that it still holds, then writes all of it.
-- ARGV: P, consumer ('' for nudgectl, which has no lease and takes no entries), customer ('' for none), version seen ('' for no document), new version,
-- document ('' for unchanged), expiry ms, deadline ms (0 for none), then lists, each as its name,
-- a count and the items; one that is not there is empty:
--   dry       anything: nothing is written; the answer is what it would be
--   ids       entries, acknowledged and deleted
--   free      hashes assumed not suppressed
--   undeclined  {hash in P:said, topic} assumed not to be declined under that hash
--   withdrawals {mid, where it is assumed to be, why}: deleted; marked while a sender has it, or
--             it waits for an operator's word
--   postponed {mid, ms}: messages that wait for their next try, which must not come before
--   messages  {mid, channel, class, body, on_uncertain, give_up, hash of the address in P:suppressed,
--             in P:said, topic, domain of its mailbox, `returns` of a mail or ''}
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
-- Returns {'done'}, {'gone', ids}, {'moved', key}, {'stale', document or false, {record or false,
-- …}}, {'broken', key, what it is}: one that only this customer has is of a wrong type, or {'facts',
-- name, items, …}: of what was assumed, 'suppressed' hashes, with what stands of each ('suppressions'),
-- 'declined' "<hash>=<topic>", keys of
-- 'unknown' customers, the 'places' of messages: mid, place, mid, place…, the 'halts' of rules: rule, by
-- whom or '', since when, rule…, the mids that are 'braked', and those that are 'codeless': no code is left for them.
-- Behind 'done' stand the lists of codes of which few are left by now, and how many: list, count, list…
-- The error LEASE where the daemon's lease ran out.
-- Safe to run twice: the second run finds its own version, or its entries gone.
local P, consumer, customer, seen, version, document = unpack(ARGV, 1, 6)
local expire, deadline = ARGV[7], ARGV[8]
--with shared_lease
--with shared_outbox
--with shared_pending
--with shared_message
--with shared_said
--with shared_said_merge
--with shared_type
--with shared_codes
--with shared_clock
--with shared_zones
local events = P .. ':events'
local refused = consumer ~= '' and no_lease(consumer)
if refused then
    return refused
end

-- The lists, and how many arguments an item of each has.
local WIDTH = {ids = 1, free = 1, undeclined = 2, withdrawals = 3, messages = 11, emits = 2, dead = 5,
    traces = 1, postponed = 2, full = 2, relied = 2, joins = 2, moves = 1, redirects = 3, records = 2, said = 4,
    erased = 2, starts = 2, forgotten = 1, ticks = 1, zones = 5, halts = 2, halted = 3, brakes = 1,
    braked = 4, codes = 4, runs = 2, dry = 1, watches = 3, tellings = 3}
local lists = {}
for name in pairs(WIDTH) do
    lists[name] = {}
end
local at = 9
while at <= #ARGV do
    local name, count = ARGV[at], tonumber(ARGV[at + 1])
    local items, width = lists[name], WIDTH[name]
    at = at + 2
    for i = 1, count do
        items[i] = width == 1 and ARGV[at] or {unpack(ARGV, at, at + width - 1)}
        at = at + width
    end
end
local ids = lists.ids

-- Where a message is: it 'waits', in a sender's 'hand', 'uncertain' (held, or it waits after an
-- attempt that may have arrived), 'gone'.
local function place_of(mid)
    local m = fields(mid, 'state', 'bound')
    if not (m and m[1]) then
        return 'gone'
    elseif m[1] == 'taken' then
        return 'hand'
    end
    return (m[2] or m[1] == 'uncertain') and 'uncertain' or 'waits'
end

-- What all share must be what it should: the keys that this commit needs.
local needed = {events, 'stream'}
local function need(there, key, kind)
    if there then
        needed[#needed + 1] = key
        needed[#needed + 1] = kind
    end
end
need(customer ~= '', P .. ':due', 'zset')
need(customer ~= '', P .. ':taken', 'zset')
need(#lists.free > 0, P .. ':suppressed', 'hash')
need(#lists.erased > 0, P .. ':meta', 'hash')
need(#lists.withdrawals + #lists.postponed > 0, P .. ':later', 'zset')
need(#lists.withdrawals > 0, P .. ':uncertain', 'zset')
need(#lists.undeclined + #lists.records + #lists.said > 0, P .. ':said', 'hash')
need(#lists.ticks > 0, TICKS, 'zset')
need(#lists.dead > 0, P .. ':dead', 'stream')
need(#lists.halts + #lists.brakes > 0, P .. ':halted', 'hash')
need(#lists.halted > 0, P .. ':halts', 'set')
need(#lists.codes > 0, P .. ':lists', 'hash')
need(#lists.tellings + #lists.joins > 0, P .. ':tell', 'hash')
for _, m in ipairs(lists.messages) do
    need(true, outbox(m[2], m[3]), 'stream')
end
for _, class in ipairs(#lists.joins > 0 and CLASSES or {}) do
    need(true, P .. ':full:' .. class, 'zset')
end
for _, wait in ipairs(lists.full) do
    need(true, P .. ':full:' .. wait[1], 'zset')
end
local wrong = wrong_key(needed)
if wrong then
    return wrong
end

local function document_key(key)
    return P .. ':customer:' .. key
end
local function version_of(text)
    return text and (string.match(text, '^{"version":"([^"%z]*)"') or '?') or ''
end
-- What is no string is nothing: so it was read.
local function text_at(key)
    local text = redis.pcall('GET', key)
    return type(text) == 'string' and text or false
end

-- What must hold: the version, the entries, the facts.
local present = customer ~= '' and text_at(document_key(customer))
local current = version_of(present)
if customer ~= '' and document ~= '' and current == version then
    return {'done'}
end

-- A timer that is given up has neither document nor entries to tell a second run by.
if consumer ~= '' and customer ~= '' and document == '' and #ids == 0 and #lists.ticks == 0 and
    not redis.call('ZSCORE', P .. ':taken', customer) then
    return {'done'}
end

local gone = {}
for _, id in ipairs(ids) do
    if #pending(events, consumer, id, id, 1) == 0 then
        gone[#gone + 1] = id
    end
end
for _, tick in ipairs(lists.ticks) do
    if not redis.call('ZSCORE', TICKS, tick) then
        gone[#gone + 1] = tick
    end
end
if #gone > 0 then
    return {'gone', gone}
end
-- What only this customer has of a wrong type keeps nobody else waiting.
local own = {}
if customer ~= '' and document ~= '' then
    own = {{document_key(customer), 'string'}, {P .. ':trace:' .. customer, 'list'}}
end
for _, m in ipairs(lists.messages) do
    own[#own + 1] = {message_key(m[1]), 'hash'}
end
for _, o in ipairs(own) do
    if is_wrong(o[1], o[2]) then
        return {'broken', o[1], string.format('is a %s, not a %s', redis.call('TYPE', o[1]).ok, o[2])}
    end
end
for _, r in ipairs(lists.relied) do
    local target = text_at(P .. ':to:' .. r[1]) or ''
    if target ~= r[2] then
        return {'moved', target}
    end
end
for _, j in ipairs(lists.joins) do
    if version_of(text_at(document_key(j[1]))) ~= j[2] then
        return {'moved', j[1]}
    end
end
local said_key = P .. ':said'
local records, changed = {}, current ~= seen
for i, record in ipairs(lists.records) do
    records[i] = redis.call('HGET', said_key, record[1])
    changed = changed or (records[i] or '') ~= record[2]
end
if customer ~= '' and changed then
    return {'stale', present, records}
end

-- What P:said will be: name -> words and erasure, and which names those are.
local told, names = {}, {}
for _, item in ipairs(lists.said) do
    local name, word, topic, ms = unpack(item)
    if not told[name] then
        told[name] = {said_read(redis.call('HGET', said_key, name))}
        names[#names + 1] = name
    end
    local words = told[name][1]
    if word == 'erased' then
        told[name][2] = said_erase(words, told[name][2], topic, tonumber(ms))
    else
        said_merge(words, word == 'no', topic == 'all' and '' or topic, tonumber(ms))
    end
end

local facts, suppressed, suppressions, declined, noes, places = {'facts'}, {}, {}, {}, {}, {}
for _, hash in ipairs(lists.free) do
    local record = redis.call('HGET', P .. ':suppressed', hash)
    if record then
        suppressed[#suppressed + 1] = hash
        suppressions[#suppressions + 1] = record
    end
end
for _, assumed in ipairs(lists.undeclined) do
    local hash, topic = unpack(assumed)
    local words = told[hash] and told[hash][1] or said_read(redis.call('HGET', said_key, hash))
    local against, no = said_speaks_against(words, topic)
    if against then
        declined[#declined + 1] = hash .. '=' .. topic
        noes[#noes + 1] = no
    end
end
for _, w in ipairs(lists.withdrawals) do
    local place = place_of(w[1])
    if place ~= w[2] then
        places[#places + 1] = w[1]
        places[#places + 1] = place
    end
end
local unknown = {}
for _, emit in ipairs(lists.emits) do
    if redis.call('EXISTS', document_key(emit[1])) == 0 then
        unknown[#unknown + 1] = emit[1]
    end
end
local function learnt(name, items)
    if #items > 0 then
        facts[#facts + 1] = name
        facts[#facts + 1] = items
    end
end
local halts = {}
for _, h in ipairs(lists.halts) do
    local record = redis.call('HGET', P .. ':halted', h[1])
    if (record and true or false) ~= (h[2] ~= '') then
        local decoded, there = pcall(cjson.decode, record or '')
        there = decoded and type(there) == 'table' and there or {}
        halts[#halts + 1] = h[1]
        halts[#halts + 1] = record and (type(there.by) == 'string' and there.by ~= '' and there.by or 'somebody') or ''
        halts[#halts + 1] = string.format('%.0f', type(there.at) == 'number' and there.at or 0)
    end
end
local bounds, braked = {}, {}
if #lists.braked > 0 then
--with shared_rate
--with shared_brake
    bounds, braked = brake_open(lists.braked)
end
-- Codes: those that this takes back are there to be given.
local codeless, code_of, ended_runs, spare = {}, {}, {}, {}
local function spare_codes(list)
    spare[list] = spare[list] or codes_left(list)
    return spare[list]
end
for _, w in ipairs(#lists.codes > 0 and lists.withdrawals or {}) do
    local m = w[2] == 'waits' and fields(w[1], 'codes', 'run', 'had')
    if m and m[1] and m[2] and not m[3] and not run_has(m[2], 'had') then
        ended_runs[m[2]] = (ended_runs[m[2]] or tonumber(run_has(m[2], 'n')) or 0) - 1
        if ended_runs[m[2]] == 0 then
            spare[m[1]] = spare_codes(m[1]) + 1
        end
    end
end
for _, c in ipairs(lists.codes) do
    local mid, list, run = c[1], c[2], c[3]
    local has = code_of[run] or run_has(run, 'code') and (ended_runs[run] or 1) > 0
    if redis.call('EXISTS', message_key(mid)) == 0 and not has then
        if spare_codes(list) > 0 then
            spare[list] = spare[list] - 1
            code_of[run] = true
        else
            codeless[#codeless + 1] = mid
        end
    end
end
learnt('codeless', codeless)
learnt('halts', halts)
learnt('braked', braked)
learnt('suppressed', suppressed)
learnt('suppressions', suppressions)
learnt('declined', declined)
learnt('noes', noes)
learnt('unknown', unknown)
learnt('places', places)
if #facts > 1 then
    return facts
end

if #lists.dry > 0 then
    return {'done', {}}
end

-- From here on only writes.
for _, bound in pairs(bounds) do
    bound.use()
end
for _, rule in ipairs(lists.brakes) do
    local time = redis.call('TIME')
    redis.call('HSETNX', P .. ':halted', rule, string.format('{"at":%s%03d,"by":"brake"}', time[1],
        math.floor(time[2] / 1000)))
end
for _, h in ipairs(lists.halted) do
    local rule, key, since = unpack(h)
    if is_wrong(P .. ':halt:' .. rule, 'zset') then
        redis.call('DEL', P .. ':halt:' .. rule) -- whatever stands there, it is no queue of ours
    end
    if since == '0' then
        redis.call('ZREM', P .. ':halt:' .. rule, key)
    else
        redis.call('ZADD', P .. ':halt:' .. rule, since, key)
        redis.call('SADD', P .. ':halts', rule)
    end
end
for _, name in ipairs(names) do
    local record = said_print(unpack(told[name], 1, 2))
    if record == '' then
        redis.call('HDEL', said_key, name)
    else
        redis.call('HSET', said_key, name, record)
    end
end
if customer ~= '' then
    if document ~= '' then
        redis.call('SET', document_key(customer), document, 'PXAT', expire)
    end
    redis.call('ZREM', P .. ':taken', customer)
    if deadline == '0' then
        redis.call('ZREM', P .. ':due', customer)
    else
        redis.call('ZADD', P .. ':due', deadline, customer)
    end
    for _, wait in ipairs(lists.full) do
        if wait[2] == '0' then
            redis.call('ZREM', P .. ':full:' .. wait[1], customer)
        else
            redis.call('ZADD', P .. ':full:' .. wait[1], wait[2], customer)
        end
    end
end

-- What was another key's is this customer's now.
local function lines_of(key)
    local is_list = redis.call('TYPE', key).ok == 'list'
    return is_list and redis.call('LRANGE', key, 0, 99) or {}
end
local function time_of(line)
    return tonumber(string.match(line, '^{"at":(%d+)')) or 0
end
local function join_traces(key)
    local mine, theirs, into = lines_of(P .. ':trace:' .. customer), lines_of(key), {}
    while #into < 100 and (mine[1] or theirs[1]) do
        local from = theirs
        if not theirs[1] or mine[1] and time_of(mine[1]) >= time_of(theirs[1]) then
            from = mine
        end
        into[#into + 1] = table.remove(from, 1)
    end
    redis.call('DEL', key, P .. ':trace:' .. customer)
    if #into > 0 then
        redis.call('RPUSH', P .. ':trace:' .. customer, unpack(into))
        redis.call('PEXPIREAT', P .. ':trace:' .. customer, expire)
    end
end
-- A list of "<origin> <event>": what takes least room of all that Redis has.
local starts_key = P .. ':starts:' .. customer
local function starts_of(key)
    return redis.call('TYPE', key).ok == 'list' and redis.call('LRANGE', key, 0, -1) or {}
end
local function put_start(start)
    if redis.call('TYPE', starts_key).ok ~= 'list' then
        redis.call('DEL', starts_key) -- whatever stands there, it is no record of ours
    end
    redis.call('RPUSH', starts_key, start)
end
local function join_starts(key)
    for _, start in ipairs(starts_of(key)) do
        put_start(start)
    end
    redis.call('DEL', key)
end
local function forget_starts(origins)
    for _, start in ipairs(#origins > 0 and starts_of(starts_key) or {}) do
        for _, origin in ipairs(origins) do
            if string.sub(start, 1, #origin + 1) == origin .. ' ' then
                redis.call('LREM', starts_key, 0, start)
            end
        end
    end
end
for _, j in ipairs(lists.joins) do
    local key = j[1]
    redis.call('ZREM', P .. ':due', key)
    redis.call('ZREM', P .. ':taken', key)
    if j[2] ~= '' then
        redis.call('DEL', document_key(key))
        for _, class in ipairs(CLASSES) do
            redis.call('ZREM', P .. ':full:' .. class, key)
        end
        join_traces(P .. ':trace:' .. key)
        join_starts(P .. ':starts:' .. key)
    end
end
for _, mid in ipairs(lists.moves) do
    if redis.call('TYPE', message_key(mid)).ok == 'hash' then
        redis.call('HSET', message_key(mid), 'customer', customer)
    end
end
for _, item in ipairs(lists.erased) do
    local key, hash = unpack(item)
    redis.call('DEL', P .. ':trace:' .. key, P .. ':to:' .. hash, P .. ':starts:' .. key, asked_key(key))
    if key == customer and document == '' then
        redis.call('DEL', document_key(key))
    end
end
if #lists.erased > 0 then -- what is not of one key is looked through for them: see erasures.h
    redis.call('HSET', P .. ':meta', 'erased', ms(clock()))
end
for _, start in ipairs(lists.starts) do
    put_start(start[1] .. ' ' .. start[2])
end
forget_starts(lists.forgotten)
if document ~= '' then
    redis.call('PEXPIREAT', starts_key, expire)
end
for _, r in ipairs(lists.redirects) do
    local key, from, until_ms = P .. ':to:' .. r[1], r[2], r[3]
    if from == '' or text_at(key) == from then
        redis.call('SET', key, customer, 'PXAT', until_ms)
    end
end

do
--with shared_watch
    local dropped = {}
    for _, j in ipairs(lists.joins) do
        watch_join(j[1], customer, dropped)
    end
    for _, item in ipairs(lists.erased) do
        watch_forget(item[1])
    end
    for _, w in ipairs(lists.watches) do
        watch_put(customer, w[1], (w[2] == '1' and 1 or -1) * tonumber(w[3]), dropped)
    end
    if document ~= '' then
        watch_keep(customer, expire, #lists.watches + #lists.joins > 0)
    end
    for _, product in ipairs(dropped) do
        lists.traces[#lists.traces + 1] = string.format('{"at":%s,"did":[{"what":"watch-dropped","why":%s}]}',
            ms(clock()), cjson.encode(product))
    end
    for _, t in ipairs(lists.tellings) do
        watch_tell(t[1], t[2], t[3])
    end
end

-- The entry in the outbox stays: who takes it finds nothing and drops it. Before the messages: one
-- that is decided again is not to be deleted.
for _, w in ipairs(lists.withdrawals) do
    local mid, place, why = unpack(w)
    local m = place == 'uncertain' and why ~= 'erasure' and fields(mid, 'state', 'give_up')
    if place == 'hand' then -- whatever brings it back ends it: see shared_ending.lua
        redis.call('HSET', message_key(mid), 'mark', why)
    elseif m and m[1] == 'uncertain' then -- held: see by_hand.lua; else it ends at its give_up
        redis.call('HSET', message_key(mid), 'mark', why)
        redis.call('ZADD', P .. ':later', string.format('%.0f', count_of(m[2])), mid)
    else
        if redis.call('ZREM', P .. ':later', mid) == 1 then
--with shared_held
            unhold(mid, unpack(fields(mid, 'channel', 'class') or {}))
        end
        if place == 'waits' then
            give_back(mid)
        end
        delete_message(mid)
        if place == 'uncertain' then
            redis.call('ZREM', P .. ':uncertain', mid)
        end
    end
end
for _, p in ipairs(lists.postponed) do
    redis.call('ZADD', P .. ':later', 'XX', 'GT', p[2], p[1])
end
local codes, low = {}, {}
for _, c in ipairs(lists.codes) do
    codes[c[1]] = c
end
local function tell_low(list)
    local mark, left = tonumber(redis.call('HGET', P .. ':lists', list) or nil), codes_left(list)
    if mark and mark > 0 and left <= mark then
        redis.call('HSET', P .. ':lists', list, 0) -- told; until more are loaded
        low[#low + 1] = list
        low[#low + 1] = tostring(left)
    end
end
for _, m in ipairs(lists.messages) do
    local mid, channel, class, body, on_uncertain, give_up, hash, said, topic, domain, returns = unpack(m)
    if redis.call('EXISTS', message_key(mid)) == 0 then
        redis.call('HSET', message_key(mid), 'state', 'queued', 'customer', customer, 'channel',
            channel, 'class', class, 'on_uncertain', on_uncertain, 'give_up', give_up,
            'attempts', 0, 'hash', hash, 'said', said, 'topic', topic,
            unpack(domain ~= '' and {'domain', domain} or {}))
        if returns ~= '' then
            redis.call('HSET', message_key(mid), 'returns', returns)
        end
        if codes[mid] then
            give_code(unpack(codes[mid]))
            tell_low(codes[mid][2])
        end
        redis.call('SET', body_key(mid), body)
        redis.call('XADD', outbox(channel, class), '*', 'mid', mid)
    else -- it may be sent after all
        redis.call('HDEL', message_key(mid), 'mark')
    end
end
for _, r in ipairs(lists.runs) do
    redis.pcall('PEXPIREAT', given_key(r[1]), r[2], 'GT')
end
for _, emit in ipairs(lists.emits) do
    if emit[2] ~= '' then
        redis.call('XADD', events, '*', 'event', emit[2], 'own', emit[1])
    end
end
for _, letter in ipairs(lists.dead) do
    redis.call('XADD', P .. ':dead', '*', 'kind', letter[1], 'reason', letter[2], 'detail',
        letter[3], 'customer', customer, 'body', letter[4], unpack(letter[5] ~= '' and {'own', letter[5]} or {}))
end
if customer ~= '' and #lists.traces > 0 and not is_wrong(P .. ':trace:' .. customer, 'list') then
    local trace_key = P .. ':trace:' .. customer
    for _, line in ipairs(lists.traces) do
        redis.call('LPUSH', trace_key, line)
    end
    redis.call('LTRIM', trace_key, 0, 99)
    redis.call('PEXPIREAT', trace_key, expire)
end
-- The index of clocks, where there is one. A customer who moves, or becomes one with others, was asked
-- by what was asked there. A key of a wrong type harms nothing but the index.
local function put_zones()
    local asked, moves, own = {}, false, nil
    local function learn(key, zone, place)
        for rule, name in pairs(asked_in(key, zone, place)) do
            asked[rule] = is_newer(name, asked[rule]) and name or asked[rule]
        end
    end
    for _, item in ipairs(lists.zones) do
        local key, before, place, after, place_after = unpack(item)
        local stays = before == after and place == place_after
        own = key == customer and after ~= '' and {after, place_after, before} or own
        if before ~= '' and not stays then
            learn(key, before, place)
            leave_zone(key, before)
            moves = moves or key ~= customer or after ~= ''
        end
    end
    if own and moves then
        if own[3] == own[1] then
            learn(customer, own[1], own[2])
        end
        move_in(customer, own[1], own[2], asked)
    elseif own then
        enter_zone(customer, own[1], own[2], ms(clock()))
    end
end
if #lists.zones > 0 and is_indexed() then
    pcall(put_zones)
end
for first = 1, #lists.ticks, 1000 do
    redis.call('ZREM', TICKS, unpack(lists.ticks, first, math.min(first + 999, #lists.ticks)))
end
for first = 1, #ids, 1000 do -- what fits on Lua's stack
    local some = {unpack(ids, first, math.min(first + 999, #ids))}
    redis.call('XACK', events, 'nudged', unpack(some))
    redis.call('XDEL', events, unpack(some))
end
return {'done', low}
