-- What is said of an address in one of many shards is to stand in the address's own: it is put into
-- P:words, which is carried there, or to the shard that is given, (store/address_words). Many shards there are where P ends with the
-- number of one in braces.
local elsewhere = string.find(P, '{%d+}$') ~= nil
local function words_are_wrong()
    return elsewhere and wrong_key({P .. ':words', 'stream'})
end
local function pass_word(word, name, what, at, shard)
    if elsewhere then
        redis.call('XADD', P .. ':words', '*', 'word', word, 'name', name, 'what', what, 'at', at,
            unpack(shard and {'shard', shard} or {}))
    end
end
