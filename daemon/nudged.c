/* nudged: the daemon. Reads its arguments, and hands over to app/. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "app/app.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/config_place.h"
#include "config/generation.h"

static const char default_config[] = NUDGED_CONFIG;

enum action { RUN, CHECK, PRINT };

struct arguments {
    const char *config; /* NULL: the default file where there is one */
    enum action action;
};

static void print_help(void)
{
    printf("Usage: nudged [OPTION]...\n"
           "Sends a shop's messages at the right moment. See nudged(8).\n\n"
           "  -c, --config=FILE   the configuration (default: %s)\n"
           "      --check-config  check configuration, rules and templates; exit 0 or 78\n"
           "      --print-config  print the effective configuration\n"
           "      --version       print the version\n"
           "  -h, --help          print this\n",
           default_config);
}

/* False: the program is done, with *status. */
static bool read_arguments(int argc, char **argv, struct arguments *arguments, int *status)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"check-config", no_argument, NULL, 'k'},
        {"print-config", no_argument, NULL, 'p'}, {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {0},
    };
    int option;
    *status = EXIT_SUCCESS;
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case 'k':
            arguments->action = CHECK;
            break;
        case 'p':
            arguments->action = PRINT;
            break;
        case 'v':
            printf("nudged %s\n", PACKAGE_VERSION);
            return false;
        case 'h':
            print_help();
            return false;
        default:
            fprintf(stderr, "hint: `nudged --help`\n");
            *status = EX_USAGE;
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "nudged: no argument is expected: %s\n", argv[optind]);
        *status = EX_USAGE;
        return false;
    }
    return true;
}

static void print_all(struct diags *diags)
{
    for (size_t i = 0; i < diags->count; i++)
        diag_print(&diags->items[i], stderr);
}

/* Everything that a start reads, without starting anything. */
static int check(const struct config *config)
{
    struct diags diags = {0};
    struct generation *generation = generation_load(config, &diags);
    print_all(&diags);
    diags_free(&diags);
    if (!generation)
        return EX_CONFIG;
    size_t rules = ruleset_count(generation->rules);
    size_t templates = templates_count(generation->templates);
    printf("ok: %zu rule%s, %zu template%s\n", rules, rules == 1 ? "" : "s", templates,
           templates == 1 ? "" : "s");
    generation_release(&generation);
    return EXIT_SUCCESS;
}

static int print_config(const struct config *config)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    bool printed = config_print(config, &text);
    fputs(buf_string(&text), stdout);
    buf_free(&text);
    return printed ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(struct config *config)
{
    struct diag diag = {0};
    struct app *app = app_new(config, &diag);
    if (!app) {
        log_diag(&diag);
        return EX_CONFIG;
    }
    int status = app_run(app);
    app_destroy(&app);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct diags diags = {0};
    int status;
    mem_begin();
    if (!read_arguments(argc, argv, &arguments, &status))
        return status;
    arguments.config = config_place(arguments.config, default_config, &diags);
    struct config *config = config_load(arguments.config, &diags);
    print_all(&diags);
    diags_free(&diags);
    if (!config)
        return EX_CONFIG;
    if (arguments.action == RUN)
        return run(config);
    status = arguments.action == CHECK ? check(config) : print_config(config);
    config_destroy(&config);
    return status;
}
