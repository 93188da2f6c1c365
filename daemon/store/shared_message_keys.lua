-- Of a message its fields, and what it says: a key of its own, as a long field would make the hash three times as
-- large.
local function message_key(mid)
    return P .. ':message:' .. mid
end
local function body_key(mid)
    return P .. ':body:' .. mid
end
