/*
 * The Lua scripts that stand beside this file, a row each. Each file begins with its contract;
 * docs/redis.md has them side by side.
 */
#ifndef NUDGED_STORE_SCRIPT_TABLE_H
#define NUDGED_STORE_SCRIPT_TABLE_H

/* X(NAME, file): the source is `const char script_<file>[]`, which embed-lua.sh makes from
 * <file>.lua. */
#define SCRIPT_TABLE(X)           \
    X(COMMIT, commit)             \
    X(UNREAD, unread)             \
    X(MOVE, move)                 \
    X(CLAIM, claim)               \
    X(TAKE_DUE, take_due)         \
    X(REQUEUE, requeue)           \
    X(TAKE, take)                 \
    X(PASS, pass)                 \
    X(DEMAND, demand)             \
    X(GRANT, grant)               \
    X(GIVE_BACK, give_back)       \
    X(RECOVER, recover)           \
    X(SETTLE, settle)             \
    X(CLAIM_OUTBOX, claim_outbox) \
    X(GROUPS, groups)             \
    X(ENTER, enter)               \
    X(RENEW, renew)               \
    X(WAKE, wake)                 \
    X(ROUSE, rouse)               \
    X(LOAD_CODES, load_codes)     \
    X(BY_HAND, by_hand)           \
    X(REVIVE, revive)             \
    X(SUPPRESS, suppress)         \
    X(LENGTHS, lengths)           \
    X(LEVELS, levels)             \
    X(LIFT, lift)                 \
    X(FEEDBACK, feedback)         \
    X(BACKLOG, backlog)           \
    X(SURVEY, survey)             \
    X(MESSAGES, messages)         \
    X(CLOCKS, clocks)             \
    X(INDEX, index)               \
    X(SWEEP, sweep)               \
    X(ASKED, asked)               \
    X(TELL, tell)                 \
    X(RESERVE, reserve)           \
    X(APPEND, append)             \
    X(MEMBERS, members)           \
    X(WORDS, words)               \
    X(OBJECTIONS, objections)     \
    X(CARRY, carry)               \
    X(ASIDE, aside)               \
    X(RIGHTS, rights)

enum script {
#define SCRIPT_ENUM(name, file) SCRIPT_##name,
    SCRIPT_TABLE(SCRIPT_ENUM)
#undef SCRIPT_ENUM
        SCRIPT_COUNT
};

/* The sources, for scripts_new(). */
extern const char *const script_table[SCRIPT_COUNT];

#endif
