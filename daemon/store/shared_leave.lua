-- A message leaves the queue that it was taken from: 1, or 0 where it stood there no more.
local function leave(queue, class, entry, mid)
    if entry == BEGUN then
        return redis.call('HDEL', begun(queue, class), mid)
    end
    return remove(outbox(queue, class), entry)
end
