-- Why a message must not be sent any more, or nil: it was withdrawn (`mark`), its address (by `hash` in
-- P:suppressed) is suppressed, or (marketing; by `said` in P:said) has declined it.
local function objection(class, mark, hash, said, topic)
    local why = mark
    if not why and hash and redis.call('HEXISTS', P .. ':suppressed', hash) == 1 then
        why = 'suppressed'
    elseif not why and said and class == 'marketing' then
        local record = redis.call('HGET', P .. ':said', said)
        if record and said_declines(record, topic or 'all') then
            why = 'unsubscribed'
        end
    end
    return why
end
