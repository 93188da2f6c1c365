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
