-- Whether a key that is there holds something else than `kind`. What is to be written is looked at
-- before the first write: nothing is ever half written.
local function is_wrong(key, kind)
    local there = redis.call('TYPE', key).ok
    return there ~= 'none' and there ~= kind
end
-- For the first such key of {key, kind, key, kind, …}: an error that names it, for the script to
-- return. Who runs the script tries again; until somebody mends the key, `health` tells of it
-- (store/wrong_keys). For keys that all share, which name nobody.
local function wrong_key(keys)
    for i = 1, #keys, 2 do
        if is_wrong(keys[i], keys[i + 1]) then
            return redis.error_reply(string.format('WRONGKEY %s is a %s, not a %s', keys[i],
                redis.call('TYPE', keys[i]).ok, keys[i + 1]))
        end
    end
end
