/*
 * From the command line to the kind of what stands at its end (complete_print, at the end: a
 * command, an option, the value of one, an argument), and from the kind to candidates (print_kind).
 *
 * The options are those that the command itself takes (command_own_options), their meaning is what
 * its help says; what its arguments are stands in the table of commands. Names come from the
 * configuration's files, customers and lists of codes from Redis, where that answers at once.
 */
#include "ctl/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/generation.h"
#include "ctl/command.h"
#include "ctl/plain.h"
#include "ctl/shards.h"
#include "store/codes.h"
#include "store/find_customer.h"

enum { OPTIONS_MOST = 32, CANDIDATES_MOST = 200, REDIS_MS = 200, WORD_SIZE = 32 };

struct completing {
    struct context *context;
    const char *word;   /* so far */
    const char *before; /* what stands before it in the same word: "--rule=" */
    size_t printed;
    struct arena *arena;
};

/* ---- Candidates ---- */

/* `about` may be NULL, and ends with the line. */
static void print(struct completing *completing, const char *text, const char *about)
{
    if (strncmp(text, completing->word, strlen(completing->word)) != 0 ||
        completing->printed == CANDIDATES_MOST)
        return;
    completing->printed++;
    printf("%s%s", completing->before, plain_of(completing->arena, text));
    if (about && *about)
        printf("\t%.*s", (int)strcspn(about, "\n"), about);
    printf("\n");
}

static bool load_config(struct completing *completing)
{
    struct diags diags = {0};
    bool loaded = completing->context->config || context_read(completing->context, &diags);
    diags_free(&diags);
    return loaded;
}

static struct generation *load(struct completing *completing)
{
    struct diags diags = {0};
    if (!load_config(completing))
        return NULL;
    struct generation *generation = generation_load(completing->context->config, &diags);
    diags_free(&diags);
    return generation;
}

static void print_rules(struct completing *completing)
{
    struct generation *generation = load(completing);
    for (size_t i = 0; generation && i < ruleset_count(generation->rules); i++)
        print(completing, ruleset_at(generation->rules, i)->name, NULL);
    generation_release(&generation);
}

static void print_templates(struct completing *completing)
{
    struct generation *generation = load(completing);
    const char *before = "";
    for (size_t i = 0; generation && i < templates_count(generation->templates); i++) {
        const char *name = templates_variant(generation->templates, i)->name;
        if (strcmp(name, before) != 0) /* one in many languages */
            print(completing, name, NULL);
        before = name;
    }
    generation_release(&generation);
}

static void print_gateways(struct completing *completing)
{
    if (!load_config(completing))
        return;
    const struct config_gateway *gateway = completing->context->config->gateways;
    for (; gateway->name; gateway++)
        print(completing, gateway->name, gateway->kind->name);
}

static void print_channels(struct completing *completing)
{
    if (!load_config(completing))
        return;
    const struct config_channel *channel = completing->context->config->channels;
    for (; channel->name; channel++)
        print(completing, channel->name, NULL);
}

/* ---- What stands in Redis ---- */

static const struct shards *open_shards(struct completing *completing)
{
    struct diag diag = {0};
    return load_config(completing)
               ? shards_try(completing->context, completing->arena, REDIS_MS, &diag)
               : NULL;
}

/* "7" stands for id:7 (ctl/who), and is completed so. */
struct customers {
    struct completing *completing;
    size_t skip; /* bytes of a key that are not said */
};

static bool on_customer(void *context, const char *key)
{
    struct customers *customers = context;
    print(customers->completing, key + customers->skip, NULL);
    return customers->completing->printed < CANDIDATES_MOST;
}

static void print_customers(struct completing *completing)
{
    const char *word = completing->word, *begin = word;
    struct customers customers = {.completing = completing};
    struct diag diag = {0};
    const struct shards *shards = open_shards(completing);
    if (!shards)
        return;
    if (!strchr(word, ':') && *word) {
        const char *kind = strchr(word, '@') ? "email:" : "id:";
        begin = arena_printf(completing->arena, "%s%s", kind, word);
        customers.skip = strlen(kind);
    }
    for (size_t k = 0; k < shards->count && completing->printed < CANDIDATES_MOST; k++)
        find_customer_begin(shards->items[k].session, shards->items[k].prefix, begin,
                            REDIS_MS / (int64_t)shards->count + 1, on_customer, &customers, &diag);
}

static void print_lists(struct completing *completing)
{
    struct codes_list *lists;
    struct diag diag = {0};
    size_t count;
    const struct shards *shards = open_shards(completing);
    if (!shards) /* each list is in all of them */
        return;
    if (codes_lists(shards->items[0].session, shards->items[0].prefix, completing->arena, &lists,
                    &count, &diag))
        for (size_t i = 0; i < count; i++)
            print(completing, lists[i].name, NULL);
}

/* ---- Kinds ---- */

static void print_files(struct completing *completing)
{
    (void)completing;
    printf(":file\n");
}

static void print_folders(struct completing *completing)
{
    (void)completing;
    printf(":folder\n");
}

static void print_words(struct completing *completing, const char *const *words)
{
    for (; *words; words++)
        print(completing, *words, NULL);
}

static const struct kind {
    const char *name;
    void (*print)(struct completing *completing);
} kinds[] = {
    {"file", print_files},         {"folder", print_folders},   {"rule", print_rules},
    {"template", print_templates}, {"gateway", print_gateways}, {"channel", print_channels},
    {"customer", print_customers}, {"list", print_lists},
};

static void print_kind(struct completing *completing, const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, name, length) == 0)
            kinds[i].print(completing);
}

/* ---- Options ---- */

/* Where the help names the option in a line of its own, or in the usage; NULL. */
static const char *find_in(const char *text, const char *option)
{
    size_t length = strlen(option);
    for (const char *at = text; at && (at = strstr(at, option)); at += length)
        if ((at == text || strchr(" [", at[-1])) && strchr(" ,]\n", at[length]))
            return at;
    return NULL;
}

/* What the help says of it: behind two spaces. */
static const char *about_of(const struct command *command, const char *option)
{
    const char *at = find_in(command->options, option);
    size_t line = at ? strcspn(at, "\n") : 0;
    const char *gap = at ? strstr(at, "  ") : NULL;
    return gap && (size_t)(gap - at) < line ? gap + strspn(gap, " ") : NULL;
}

static void print_options(struct completing *completing, const struct command *command)
{
    struct command_option options[OPTIONS_MOST];
    size_t count = command_own_options(command, options, OPTIONS_MOST);
    for (size_t i = 0; i < count; i++)
        print(completing, options[i].name, about_of(command, options[i].name));
    print(completing, "--help", "options and examples");
}

/* The word that stands for its value in the usage or the help: FILE. */
static void read_placeholder(const struct command *command, const char *option,
                             char word[WORD_SIZE])
{
    const char *at = find_in(command->arguments, option);
    if (!at)
        at = find_in(command->options, option);
    at = at ? at + strlen(option) : "";
    size_t length = *at == ' ' ? strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") : 0;
    snprintf(word, WORD_SIZE, "%.*s", (int)length, length ? at + 1 : "");
}

static void print_value(struct completing *completing, const struct command *command,
                        const char *option)
{
    static const char *const whens[] = {"auto", "always", "never", NULL}, *const forms[] = {
                                                                              "text", "html", "eml",
                                                                              "source", NULL};
    char placeholder[WORD_SIZE];
    read_placeholder(command, option, placeholder);
    if (strcmp(option, "--color") == 0)
        print_words(completing, whens);
    else if (strcmp(option, "--as") == 0)
        print_words(completing, forms);
    else if (strcmp(option, "-c") == 0 || strcmp(option, "--config") == 0 ||
             strcmp(placeholder, "FILE") == 0)
        print_files(completing);
    else if (strcmp(placeholder, "DIR") == 0)
        print_folders(completing);
    else
        print_kind(completing, option + 2, strlen(option + 2));
}

/* The option of the command that takes a value; NULL. */
static bool takes_value(const struct command *command, const char *word)
{
    struct command_option options[OPTIONS_MOST];
    size_t count = command_own_options(command, options, OPTIONS_MOST);
    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].name, word) == 0)
            return options[i].value != NULL;
    return false;
}

/* ---- Arguments ---- */

/* The end of a word of the table. */
static size_t length_of(const char *at)
{
    return strcspn(at, " ");
}

/* The kinds behind a word of the table, "list:file": that of argument `index`. */
static void print_argument(struct completing *completing, const char *kinds_at, size_t length,
                           size_t index)
{
    const char *at = kinds_at, *end = kinds_at + length;
    for (; index; index--) {
        const char *colon = memchr(at, ':', (size_t)(end - at));
        if (!colon)
            break;
        at = colon + 1;
    }
    print_kind(completing, at,
               (size_t)(end - at) < strcspn(at, ":") ? (size_t)(end - at) : strcspn(at, ":"));
}

/* `arguments`: those before the one that is completed. */
static void print_arguments(struct completing *completing, const struct command *command,
                            const char *const *arguments, size_t count)
{
    const char *at = command->words;
    for (; at && *at; at += length_of(at), at += *at == ' ') {
        size_t length = length_of(at), word = strcspn(at, ": ");
        if (word == 0)
            print_argument(completing, at + 1, length - 1, count);
        else if (count == 0)
            print(completing, arena_copy(completing->arena, at, word), NULL);
        else if (strlen(arguments[0]) == word && memcmp(arguments[0], at, word) == 0 &&
                 word < length)
            print_argument(completing, at + word + 1, length - word - 1, count - 1);
    }
}

/* ---- The command line ---- */

static void print_commands(struct completing *completing)
{
    for (const struct command *command = commands; command->name; command++)
        print(completing, command->name, command->about);
    print(completing, "help", "this, or the options of one command");
}

static void print_of_command(struct completing *completing, const struct command *command,
                             int count, char **words)
{
    const char *arguments[8];
    size_t argument_count = 0;
    char *word = words[count - 1], *equals = strchr(word, '=');
    for (int i = 0; i < count - 1; i++) {
        if (takes_value(command, words[i])) {
            if (i == count - 2) {
                print_value(completing, command, words[i]);
                return;
            }
            i++;
            if (strcmp(words[i - 1], "-c") == 0 || strcmp(words[i - 1], "--config") == 0)
                completing->context->config_file = words[i];
        } else if (*words[i] != '-' && argument_count < sizeof arguments / sizeof *arguments) {
            arguments[argument_count++] = words[i];
        }
    }
    if (strncmp(word, "--", 2) == 0 && equals) {
        completing->word = equals + 1;
        completing->before = arena_copy(completing->arena, word, (size_t)(equals + 1 - word));
        print_value(completing, command,
                    arena_copy(completing->arena, word, (size_t)(equals - word)));
    } else if (*word == '-') {
        print_options(completing, command);
    } else {
        print_arguments(completing, command, arguments, argument_count);
    }
}

/* Options that stand before the command: how many words they are. */
static int skip_options(struct completing *completing, int count, char **words)
{
    int at = 0;
    for (; at < count - 1 && *words[at] == '-'; at++) {
        bool config = strcmp(words[at], "-c") == 0 || strcmp(words[at], "--config") == 0;
        if (!config && strcmp(words[at], "--color") != 0)
            continue;
        if (++at == count - 1)
            break;
        if (config)
            completing->context->config_file = words[at];
    }
    return at;
}

int complete_print(struct context *context, int count, char **words)
{
    static const char *const before[] = {"--config", "--color", "--help", "--version", NULL};
    struct completing completing = {
        .context = context, .word = count ? words[count - 1] : "", .before = ""};
    completing.arena = arena_new(16 * 1024);
    int at = skip_options(&completing, count, words);
    const struct command *command = at < count - 1 ? command_find(words[at]) : NULL;
    bool of_option = at == count - 1 && at > 0 && strncmp(words[at - 1], "-", 1) == 0 &&
                     (strcmp(words[at - 1], "-c") == 0 || strcmp(words[at - 1], "--config") == 0 ||
                      strcmp(words[at - 1], "--color") == 0);
    if (of_option)
        print_value(&completing, &commands[0], words[at - 1]);
    else if (command)
        print_of_command(&completing, command, count - at - 1, words + at + 1);
    else if (at < count - 1 && strcmp(words[at], "help") != 0)
        count = 0; /* no command of ours */
    else if (*completing.word == '-')
        print_words(&completing, before);
    else
        print_commands(&completing);
    arena_destroy(&completing.arena);
    context_close(context);
    return EXIT_SUCCESS;
}
