-- What most commits have not: made when the first comes that has it. A list of these is a table of its items,
-- and of each item one where it has more than one argument.
local parts
seldom = function()
    if parts then
        return parts
    end
--with shared_message
--with shared_elsewhere
--with shared_said
--with shared_said_merge
--with shared_codes
--with shared_zones
--with shared_watch
--with shared_held
--with shared_commit_seldom_read
--with shared_commit_person
--with shared_commit_shards
--with shared_commit_seldom_check
--with shared_commit_seldom_write
    parts = {read = read_seldom, names_of = names_of_seldom, look_for = look_for_joined, check_shared = check_shared_seldom,
        check_ticks = check_ticks, check_joins = check_joins, ask = ask_seldom, write_first = write_first, stays = stays,
        write_person = write_person, write_rest = write_rest, give = give, unmark = unmark, is_message = is_message, keep_watching = keep_watching,
        put_zone = put_zone}
    return parts
end
