-- Nobody knows what came of the message, and `why` says for what reason: its daemon died over it, or Redis
-- lost what it was told. An attempt may have been made, so it is uncertain. Under `hold`, or the third time,
-- it stays so, else it goes back into the outbox, bound to the gateway that had it. One that was marked ends.
-- The caller has seen that it was taken; the entry in the stream, or what stands for it where it was
-- begun at once, is deleted here. Returns what
-- was done: 'resend', 'hold' or 'withdrawn'. Where somebody has `asked` for it, an event tells of the
-- first time that the message is uncertain.
local DEATHS_MOST = 3
local WHY_ENDED = 'its daemon ended'
local WHY_LOST = 'Redis lost it'
local function take_over(queue, channel, class, entry, mid, why, now, keep, asked)
    local row = fields(mid, 'on_uncertain', 'mark', 'deaths', 'attempts')
    local m = message_of(mid, channel, class)
    local deaths = count_of(row[3]) + 1
    local verdict = (row[1] == 'hold' or deaths >= DEATHS_MOST) and 'hold' or 'resend'
    leave(queue, class, entry, mid)
    if row[2] then
        withdraw(m, row[2], true, false, now, keep)
        return 'withdrawn'
    end
    put_fields(mid, 'attempts', ms(count_of(row[4]) + 1), 'deaths', ms(deaths), 'bound', 1)
    if verdict == 'hold' then
        put_fields(mid, 'state', 'uncertain', 'channel', channel, 'class', class)
        drop_fields(mid, 'owner', 'entry', 'queue')
        redis.call('ZADD', P .. ':uncertain', ms(now), mid)
    else
        requeue(mid, channel, class)
    end
    if m.customer then
        line(m, 'uncertain', why .. ': ' .. verdict, now, keep)
    end
    if m.customer and asked and not m.bound then
        tell(m, 'message.uncertain', mid .. '.uncertain', why)
    end
    return verdict
end

-- Its gateway took it, and the daemon died before it could say so.
local function end_sent(m, now, keep, asked)
    local form = '{"at":%s,"did":[{"rule":%s,"what":"sent","why":%s,"gateway":%s,"mid":%s}]}'
    if m.customer and m.mark ~= 'erasure' then
        push_trace(m.customer, string.format(form, ms(now), cjson.encode(m.about.rule or ''),
            cjson.encode(WHY_ENDED), cjson.encode(m.gateway or ''), cjson.encode(m.mid)), keep)
    end
    if m.customer and m.mark ~= 'erasure' and asked then
        tell(m, 'message.sent', m.mid .. '.sent', WHY_ENDED)
    end
    if m.customer and m.mark and m.mark ~= 'erasure' then
        line(m, 'too-late', m.mark, now, keep)
    end
    remember(m.mid, m.customer, m.hash, m.mark ~= 'erasure' and m.returns, m.told, now)
    redis.call('DEL', m.key, body_key(m.mid))
end

-- As take_over() where it is known that the message was `waiting` for a sender, which charges nobody; or
-- `begun` and nobody can have it, which is a death; or `taken` by its gateway. Returns what was done: as
-- there, or 'sent'; nil: nothing, as it may be what ends daemons.
local function take_back(queue, channel, class, entry, mid, stage, now, keep, asked)
    local m = message_of(mid, channel, class)
    local deaths = count_of(fields(mid, 'deaths')[1]) + 1
    if stage == 'begun' and deaths >= DEATHS_MOST then
        return nil
    end
    leave(queue, class, entry, mid)
    if stage == 'taken' then
        end_sent(m, now, keep, asked)
        return 'sent'
    elseif m.mark then
        withdraw(m, m.mark, m.bound, false, now, keep)
        return 'withdrawn'
    elseif stage == 'begun' then
        put_fields(mid, 'deaths', ms(deaths))
    end
    requeue(mid, channel, class)
    return 'resend'
end
