#!lua flags=allow-oom
-- Events that nobody is working on: what this consumer had and never finished (it calls only
-- when nothing is in work), then what consumers of dead daemons had. The latter count one
-- delivery more; from the third delivery on an entry is claimed alone, so that what waits
-- beside it is not counted with it.
-- ARGV: P, consumer, count, bytes at most
-- Returns {more ('1' or '0'), {id, event or false, its size, deliveries, and the fields `own`, `login`, `whose`
-- and `parcel`, each or false}…}. An event bigger
-- than the bytes is cut. Safe to run twice: what was claimed is then this consumer's own.
local P, consumer, count, room = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local stream, ALONE = P .. ':events', 3
--with shared_lease
--with shared_pending
--with shared_type
local out, more = {'0'}, false

local refused = no_lease(consumer)
if refused then
    return refused
end
local wrong = wrong_key({stream, 'stream'})
if wrong then
    return wrong
end

local function field_of(entry, name)
    for i = 1, #entry[2], 2 do
        if entry[2][i] == name then
            return entry[2][i + 1]
        end
    end
    return false
end

-- Adds an entry to the answer; false where it has no room there.
local function give(id, deliveries)
    local entry = redis.call('XRANGE', stream, id, id)[1]
    if not entry then
        redis.call('XACK', stream, 'nudged', id)
        return true
    end
    local event = field_of(entry, 'event')
    local size = event and #event or 0
    if #out > 1 and size > room then
        return false
    end
    if size > room then
        event = string.sub(event, 1, room)
    end
    room = room - size
    out[#out + 1] = {id, event, size, deliveries, field_of(entry, 'own'), field_of(entry, 'login'),
        field_of(entry, 'whose'), field_of(entry, 'parcel')}
    return true
end

-- Walks what is pending at `owner`; true when the answer is complete.
local function gather(owner, added)
    local rows = pending(stream, owner, '-', '+', count + 1)
    for _, row in ipairs(rows) do
        local id, deliveries = row[1], row[4] + added
        local alone = deliveries >= ALONE
        if #out > count then
            more = true
            return true
        end
        if alone and #out > 1 then
            more = true
        else
            local there = #out
            if not give(id, deliveries) then
                more = true
                return true
            end
            if #out > there and owner ~= consumer then
                redis.call('XCLAIM', stream, 'nudged', consumer, 0, id, 'RETRYCOUNT', deliveries, 'JUSTID')
            end
            if alone and #out > there then
                more = true
                return true
            end
        end
    end
    return false
end

if not gather(consumer, 0) then
    for _, dead in ipairs(dead_consumers(stream)) do
        if dead ~= consumer then
            if #pending(stream, dead, '-', '+', 1) == 0 then
                redis.call('XGROUP', 'DELCONSUMER', stream, 'nudged', dead)
            elseif #out > count or gather(dead, 1) then
                more = true
                break
            end
        end
    end
end
out[1] = more and '1' or '0'
return out
