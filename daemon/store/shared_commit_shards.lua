-- What goes to another shard, by P:strays, and what came from one: docs/redis.md, "Keys in several shards".
local STRAYS, LATER, UNCERTAIN = P .. ':strays', P .. ':later', P .. ':uncertain'

local function put_aside(entry, whose)
    local found = redis.call('XRANGE', EVENTS, entry, entry)[1]
    local row = {}
    for i = 1, found and #found[2] or 0, 2 do
        if not whose or found[2][i] ~= 'whose' then
            row[#row + 1], row[#row + 2] = found[2][i], found[2][i + 1]
        end
    end
    if whose then
        row[#row + 1], row[#row + 2] = 'whose', whose
    end
    if found then
        redis.call('XADD', STRAYS, '*', unpack(row))
    end
end
local function put_strays(c)
    for _, item in ipairs(c.aside) do
        put_aside(item[1], item[2])
    end
    for _, s in ipairs(c.strays) do
        redis.call('XADD', STRAYS, '*', 'event', s[3], 'own', s[1], unpack(s[2] ~= '' and {'whose', s[2]} or NONE))
    end
    for _, key in ipairs(c.elsewhere) do
        redis.call('ZREM', DUE, key)
        redis.call('ZREM', TAKEN, key)
    end
end

local function put_leads(c)
    for _, lead in ipairs(c.leads) do
        local key, from, to, until_ms = to_key(lead[1]), unpack(lead, 2)
        if from == '' or text_at(key) == from then
            if to == '' then
                forget_texts(key)
            else
                put_text(key, to, until_ms)
            end
        end
    end
end

-- ---- Who leaves ----

-- While a sender has a message of theirs they stay, and what asks for it comes again.
local function stays(c)
    for _, mid in ipairs(c.leave_mids) do
        local m = fields(mid, 'state')
        if m and m[1] == 'taken' then
            put_aside(c.leave[1][3])
            return true
        end
    end
    return false
end

local function row_at(key)
    local row = redis.pcall('HGETALL', key)
    return not row.err and row or {}
end
-- A message, as it waits here; it waits here no more. Its entry in the outbox stays: who takes it finds
-- nothing and drops it.
local function pack_message(mid)
    local row, m = row_at(message_key(mid)), fields(mid, 'state', 'channel', 'class')
    if #row == 0 then
        return
    end
    local packed = {mid = mid, body = body_of(mid), row = row, state = m[1],
        due = redis.call('ZSCORE', LATER, mid) or redis.call('ZSCORE', UNCERTAIN, mid) or nil}
    if redis.call('ZREM', LATER, mid) == 1 then
        unhold(mid, m[2], m[3])
    end
    redis.call('ZREM', UNCERTAIN, mid)
    delete_message(mid)
    touched[mid] = true
    return packed
end
local function pack_run(run)
    local row = row_at(given_key(run))
    redis.call('DEL', given_key(run))
    return #row > 0 and {run = run, row = row} or nil
end
local function pack(items, one)
    local packed = {}
    for _, item in ipairs(items) do
        packed[#packed + 1] = one(item)
    end
    return #packed > 0 and packed or nil
end
local function pack_record(name)
    local record = record_at(name)
    return record and {name = name, record = record} or nil
end

local function leave(c)
    if #c.leave == 0 then
        return
    end
    local whose, event = unpack(c.leave[1])
    local key, zone = c.customer, c.zones[1]
    local document = redis.pcall('GET', document_key(key))
    local asked = zone and kind_of(INDEX) == 'hash' and asked_in(key, zone[2], zone[3])
    local watching = watch_all(key)
    for i = 1, #watching, 2 do
        watch_drop(key, watching[i])
    end
    local parcel = {key = key, document = type(document) == 'string' and document or nil,
        trace = pack(lines_of(trace_key(key)), tostring), starts = pack(starts_of(starts_key(key)), tostring),
        watching = #watching > 0 and watching or nil, messages = pack(c.leave_mids, pack_message),
        runs = pack(c.leave_runs, pack_run), records = pack(c.leave_names, pack_record),
        asked = asked and next(asked) and asked or nil}
    redis.call('XADD', STRAYS, '*', 'event', event, 'own', whose, 'parcel', cjson.encode(parcel))
    redis.call('DEL', trace_key(key), starts_key(key), asked_key(key))
    forget_texts(document_key(key))
    for _, class in ipairs(CLASSES) do
        redis.call('ZREM', P .. ':full:' .. class, key)
    end
end

-- ---- Who comes ----

-- Where a message will be that comes with this commit: mid -> as of place_of.
local coming = {}
local function open_parcel(c)
    c.came = c.parcel[1] and cjson.decode(c.parcel[1]) or NONE
    for _, m in ipairs(c.came.messages or NONE) do
        local bound = false
        for i = 1, #m.row, 2 do
            bound = bound or m.row[i] == 'bound'
        end
        coming[m.mid] = (bound or m.state == 'uncertain') and 'uncertain' or 'waits'
    end
end

-- What is of a daemon's doing with it there is not here.
local LEFT = {owner = true, entry = true, take = true, lacks = true, held = true, customer = true, requeued = true}
local REQUEUED_MOST = 600000 -- ms that a dead letter which went back waits for its event to follow it
local function put_coming(c, m)
    local row, has = {'customer', c.customer}, {}
    for i = 1, #m.row, 2 do
        has[m.row[i]] = m.row[i + 1]
        if not LEFT[m.row[i]] then
            row[#row + 1], row[#row + 2] = m.row[i], m.row[i + 1]
        end
    end
    if has.requeued then
        row[#row + 1], row[#row + 2] = 'requeued', '@' .. string.format('%.0f', now_ms + REQUEUED_MOST)
    end
    redis.call('HSET', message_key(m.mid), unpack(row))
    if m.body then
        redis.call('SET', body_key(m.mid), m.body)
    end
    if m.state == 'uncertain' or m.state == 'later' then
        redis.call('ZADD', m.state == 'later' and LATER or UNCERTAIN, m.due or now_ms, m.mid)
    else
        local stream = outbox(has.queue or has.channel, has.class)
        redis.call('XADD', stream, '*', 'mid', m.mid)
        kinds[stream] = 'stream'
    end
    if has.queue then
        redis.call('SADD', P .. ':queues', has.queue)
    end
    touched[m.mid] = true
end

-- Before what takes back some of it.
local function land(c)
    for _, m in ipairs(c.came.messages or NONE) do
        if redis.call('EXISTS', message_key(m.mid)) == 0 then
            put_coming(c, m)
        end
        coming[m.mid] = nil
    end
    for _, r in ipairs(c.came.runs or NONE) do
        if redis.call('EXISTS', given_key(r.run)) == 0 then
            redis.call('HSET', given_key(r.run), unpack(r.row))
            redis.call('PEXPIREAT', given_key(r.run), c.expire)
        end
    end
    if c.came.asked and kind_of(INDEX) == 'hash' then
        local text = redis.pcall('GET', asked_key(c.customer))
        local asked = read_asked(type(text) == 'string' and text)
        for rule, name in pairs(c.came.asked) do
            asked[rule] = is_newer(name, asked[rule]) and name or asked[rule]
        end
        write_asked(c.customer, asked)
    end
end
