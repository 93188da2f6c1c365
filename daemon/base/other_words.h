/* What others call what is called by another word here. */
#ifndef NUDGED_BASE_OTHER_WORDS_H
#define NUDGED_BASE_OTHER_WORDS_H

/* The one of `names` (NULL-terminated) that means what `word` means in other programs: "when",
 * `if`. NULL: none. */
const char *other_words_find(const char *word, const char *const *names);

/* What to do in place of what `word` asks for, where `names` have nothing of the kind. */
const char *other_words_advice(const char *word, const char *const *names);

#endif
