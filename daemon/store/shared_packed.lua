-- A message as one string: its fields, before each its length in four bytes, and what it says (store/packed.c).
local PACKED = {'customer', 'give_up', 'take', 'channel', 'class', 'on_uncertain', 'gateway', 'topic', 'hash', 'said',
    'domain', 'returns'}
local PACKED_FORM = '>' .. string.rep('I4c0', #PACKED)
-- As a table by their names; an error where it is none.
local function unpacked(text)
    local row, m = {struct.unpack(PACKED_FORM, text)}, {}
    for i, name in ipairs(PACKED) do
        m[name] = row[i]
    end
    m.domain, m.returns = m.domain ~= '' and m.domain or nil, m.returns ~= '' and m.returns or nil
    m.body = string.sub(text, row[#PACKED + 1])
    return m
end
