--with shared_begun
-- A message is a hash, and what it says a key of its own, as a long field would make the hash three times as large.
-- One that was begun at once is a string (shared_packed.lua) until something is noted of it.
local function message_key(mid)
    return P .. ':message:' .. mid
end
local function body_key(mid)
    return P .. ':body:' .. mid
end
